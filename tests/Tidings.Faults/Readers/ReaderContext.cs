using Tidings.Faults.Journals;

namespace Tidings.Faults.Readers;

/// <summary>What all readers of a run share.</summary>
/// <param name="Journal">Where they note what they see.</param>
/// <param name="Http">For streams and polls.</param>
/// <param name="Pick">A node that a balancer would choose: one that is there.</param>
/// <param name="Front">The balancer itself, for clients that know one address.</param>
/// <param name="Lags">How long messages take, while nothing is broken.</param>
internal sealed record ReaderContext(RunJournal Journal, HttpClient Http, Func<Random, Uri> Pick, Uri Front, LagMeter Lags);

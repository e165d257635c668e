using System.Globalization;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Tests.SelfTest;

/// <summary>Says one thing after the other; an answer may be lost, and the same is then said again.</summary>
internal sealed class SimulatedPublisher(string name, RunJournal journal, IReadOnlyList<SimulatedLog> logs, bool durable, Random random)
{
    private Attempt? _attempt;
    private SimulatedLog? _log;
    private StreamPosition? _written;
    private int _count;

    public void Step(bool mayBegin)
    {
        if (_attempt is null)
        {
            if (mayBegin)
            {
                _log = logs[random.Next(logs.Count)];
                var said = string.Create(CultureInfo.InvariantCulture, $"{name}-{++_count}");
                _attempt = journal.Begin(new Publish(_log.Channel, said) { Key = said, Durable = durable && random.Next(2) == 0 });
            }

            return;
        }

        if (_written is null || random.Next(10) == 0)
        {
            // Written for the first time, or sent again where no answer came.
            _written = _log!.Append(_attempt.Publish);
            return;
        }

        journal.Accept(_attempt, _written);
        (_attempt, _written) = (null, null);
    }

    public bool IsIdle => _attempt is null;
}

using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>A token that must be refused, and the reason that the log should give. The id names it in the test's name.</summary>
internal sealed record TokenAttack(string Id, TokenFailure Expected, string Token);

using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>How a connection or an attempt ended.</summary>
/// <param name="Code">The close code, or what stands for it.</param>
/// <param name="After">How long the server asks to wait.</param>
/// <param name="StayAway">Whether the server said not to come back, of a code that leaves it open.</param>
/// <param name="Unreachable">Whether nobody listened at the address.</param>
/// <param name="Open">How long it was open.</param>
/// <param name="Cause">What the network said.</param>
internal readonly record struct SessionEnd(
    DisconnectCode Code, TimeSpan? After = null, bool StayAway = false, bool Unreachable = false, TimeSpan Open = default, Exception? Cause = null);

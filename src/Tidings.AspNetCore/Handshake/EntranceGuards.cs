using Tidings.Quotas;

namespace Tidings.AspNetCore.Handshake;

/// <summary>What is the same for handshakes of all routes.</summary>
/// <param name="Handshakes">How many are taken up.</param>
/// <param name="Forwarding">Looks for proxies that are not known.</param>
/// <param name="Compress">Whether compression is agreed to.</param>
internal sealed record EntranceGuards(SharedRate Handshakes, ForwardingNotice Forwarding, bool Compress);

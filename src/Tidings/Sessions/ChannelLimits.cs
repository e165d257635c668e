using Tidings.Quotas;

namespace Tidings.Sessions;

/// <summary>What one connection of the channel protocol may have.</summary>
/// <param name="Subscriptions">Channels at once; 0 is no limit.</param>
/// <param name="SubscribeRate">Subscribing and unsubscribing, which has a bucket of its own, so that a client with thirty channels can come back.</param>
internal sealed record ChannelLimits(int Subscriptions, RateLimit SubscribeRate);

using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>What a channel is asked for, for all who follow it.</summary>
/// <param name="Since">After which message; null where the newest are wanted, or none.</param>
/// <param name="Last">How many of the newest messages.</param>
/// <param name="Presence">Whether somebody wants joins and leaves.</param>
/// <param name="Conflate">Whether everybody makes do with the newest message of each key.</param>
/// <param name="Info">What others are shown of this client; null where nothing was said, empty where it was taken back.</param>
/// <param name="Occupancy">Whether somebody wants to know how many subscribe.</param>
/// <param name="State">Whether somebody waits for the channel's state.</param>
internal readonly record struct ChannelWish(StreamPosition? Since, int Last, bool Presence, bool Conflate, ReadOnlyMemory<byte>? Info = null, bool Occupancy = false, bool State = false);

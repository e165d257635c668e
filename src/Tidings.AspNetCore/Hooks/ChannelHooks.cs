using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.AspNetCore.Hooks;

/// <summary>A hook about subscriptions.</summary>
internal sealed class SubscribeHook(HookClient client, Uri url) : ISubscribeHandler
{
    public async ValueTask<HandlerVerdict> OnSubscribeAsync(ChannelPeer peer, string channel, CancellationToken cancellationToken) =>
        HookVerdict.Of(await client.AskAsync(url, HookSchema.Subscribe, HookEvent.Subscribe(peer, channel), cancellationToken));
}

/// <summary>A hook about messages.</summary>
internal sealed class PublishHook(HookClient client, Uri url) : IPublishHandler
{
    public async ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, PublishRequest request, CancellationToken cancellationToken) =>
        HookVerdict.Of(await client.AskAsync(url, HookSchema.Publish, HookEvent.Publish(peer, request), cancellationToken));
}

/// <summary>A hook that answers calls.</summary>
internal sealed class CallHook(HookClient client, Uri url) : ICallHandler
{
    public async ValueTask<HandlerVerdict> OnCallAsync(ChannelPeer peer, string method, ReadOnlyMemory<byte> parameters, CancellationToken cancellationToken) =>
        HookVerdict.Of(await client.AskAsync(url, HookSchema.Call, HookEvent.Call(peer, method, parameters), cancellationToken));
}

internal static class HookVerdict
{
    private static readonly HandlerVerdict Unavailable = HandlerVerdict.Refuse(ErrorCode.Unavailable, "Service unavailable");

    // What cannot be understood is no permission.
    public static HandlerVerdict Of(HookAnswer? answer) => answer switch
    {
        null => Unavailable,
        { Refuses: true } => HandlerVerdict.Refuse(answer.Code, answer.Reason ?? "Not allowed"),
        { Bytes: { } bytes } => new HandlerVerdict { Drop = answer.Drops, Bytes = bytes },
        { Data: { } data } => new HandlerVerdict { Drop = answer.Drops, Data = data },
        _ => new HandlerVerdict { Drop = answer.Drops },
    };
}

using System.Diagnostics.CodeAnalysis;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.AspNetCore.Handlers;

/// <summary>The application's code about messages.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class ApplicationPublishHandler(HandlerRunner runner, HandlerDelegate handler, HandlerJson json) : IPublishHandler
{
    // Code that knows only messages has not been asked whether a key may go.
    private static readonly HandlerVerdict NoRemovals = HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed");

    public ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, PublishRequest request, CancellationToken cancellationToken) =>
        request.Remove && !handler.WantsRequest ? ValueTask.FromResult(NoRemovals) : runner.RunAsync(handler, peer, request, Judge);

    private HandlerVerdict Judge(object? returned) => returned switch
    {
        IHandlerResult typed => Judge(typed.Result),
        PublishResult { Refusal: { } reason } => HandlerVerdict.Refuse(ErrorCode.NotAllowed, reason),
        PublishResult { HasValue: true } result => Replacement(result.Value, typeof(object)),
        PublishResult result => new HandlerVerdict { Drop = result == PublishResult.Drop },
        bool allowed when handler.Result == typeof(bool) => allowed ? HandlerVerdict.Allow : HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed"),
        null when handler.Result == typeof(void) || handler.Result == typeof(PublishResult) => HandlerVerdict.Allow,
        _ => Replacement(returned, handler.Result),
    };

    private HandlerVerdict Replacement(object? value, Type declared) => value switch
    {
        byte[] bytes => new HandlerVerdict { Bytes = bytes },
        ReadOnlyMemory<byte> bytes => new HandlerVerdict { Bytes = bytes.ToArray() },
        _ => new HandlerVerdict { Data = json.Write(value, declared) },
    };
}

/// <summary>The application's code about subscriptions.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class ApplicationSubscribeHandler : ISubscribeHandler
{
    private readonly HandlerRunner _runner;
    private readonly HandlerDelegate _handler;

    /// <exception cref="ArgumentException">The handler returns what is no decision.</exception>
    public ApplicationSubscribeHandler(HandlerRunner runner, HandlerDelegate handler)
    {
        _runner = runner;
        _handler = handler;
        if (handler.Result != typeof(void) && handler.Result != typeof(bool) && handler.Result != typeof(SubscribeResult))
        {
            throw new ArgumentException($"A handler of subscriptions returns SubscribeResult, bool or nothing, or a task of such; this one returns {handler.Result.Name}.");
        }
    }

    public ValueTask<HandlerVerdict> OnSubscribeAsync(ChannelPeer peer, string channel, CancellationToken cancellationToken) =>
        _runner.RunAsync(_handler, peer, channel, default, Judge);

    private static HandlerVerdict Judge(object? returned) => returned switch
    {
        SubscribeResult { Refusal: { } reason } => HandlerVerdict.Refuse(ErrorCode.NotAllowed, reason),
        false => HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed"),
        _ => HandlerVerdict.Allow,
    };
}

/// <summary>A method that clients may call.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class ApplicationCallHandler(HandlerRunner runner, HandlerDelegate handler, HandlerJson json) : ICallHandler
{
    public ValueTask<HandlerVerdict> OnCallAsync(ChannelPeer peer, string method, ReadOnlyMemory<byte> parameters, CancellationToken cancellationToken) =>
        runner.RunAsync(handler, peer, method, parameters, Judge);

    private HandlerVerdict Judge(object? returned) => returned switch
    {
        IHandlerResult typed => Judge(typed.Result),
        CallResult { Refusal: { } reason } => HandlerVerdict.Refuse(ErrorCode.NotAllowed, reason),
        CallResult result => new HandlerVerdict { Data = json.Write(result.Value, typeof(object)) },
        null when handler.Result == typeof(void) => HandlerVerdict.Allow,
        _ => new HandlerVerdict { Data = json.Write(returned, handler.Result) },
    };
}

/// <summary>All methods that clients may call: those of the application's code, and for all others the hook, where there is one.</summary>
internal sealed class CallTable(ICallHandler? others) : ICallHandler
{
    private volatile Dictionary<string, ICallHandler> _methods = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">There is such a method already.</exception>
    public void Add(string method, ICallHandler handler)
    {
        if (_methods.ContainsKey(method))
        {
            throw new ArgumentException($"There is a call \"{method}\" already.", nameof(method));
        }

        _methods = new Dictionary<string, ICallHandler>(_methods, StringComparer.Ordinal) { [method] = handler };
    }

    public ValueTask<HandlerVerdict> OnCallAsync(ChannelPeer peer, string method, ReadOnlyMemory<byte> parameters, CancellationToken cancellationToken) =>
        (_methods.GetValueOrDefault(method) ?? others)?.OnCallAsync(peer, method, parameters, cancellationToken)
        ?? ValueTask.FromResult(HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed"));
}

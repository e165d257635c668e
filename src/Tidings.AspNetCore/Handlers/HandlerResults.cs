namespace Tidings;

/// <summary>What a handler of published or direct messages decides. A handler that returns a plain value replaces the data by it; one that returns nothing lets it pass.</summary>
public sealed class PublishResult
{
    /// <summary>The message is published as it came.</summary>
    public static readonly PublishResult Accept = new();

    /// <summary>The message counts as published or sent, and nobody gets it; its sender is answered without a position.</summary>
    public static readonly PublishResult Drop = new();

    private PublishResult()
    {
    }

    internal string? Refusal { get; private init; }

    internal bool HasValue { get; private init; }

    internal object? Value { get; private init; }

    /// <summary>The message is refused: its sender gets the code <c>not_allowed</c> with this text.</summary>
    /// <param name="reason">What the sender reads in <c>error</c>: a sentence, or a word of the application's own as <c>too_long</c>.</param>
    public static PublishResult Refuse(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new PublishResult { Refusal = reason };
    }

    /// <summary>The data is replaced.</summary>
    /// <param name="value">Any value that can be JSON.</param>
    public static PublishResult Replace(object? value) => new() { HasValue = true, Value = value };
}

/// <summary>What a handler of published messages decides that replaces the data by a <typeparamref name="T"/> on one path and refuses on another.</summary>
/// <remarks>A lambda says it as its result: <c>PublishResult&lt;Line&gt; (Line line) =&gt; line.Text.Length &gt; 500 ? PublishResult.Refuse("too_long") : line with { … }</c>.</remarks>
/// <typeparam name="T">What can be JSON.</typeparam>
public sealed class PublishResult<T> : IHandlerResult
{
    private readonly PublishResult _result;

    private PublishResult(PublishResult result) => _result = result;

    object IHandlerResult.Result => _result;

    /// <summary>The data is replaced by <paramref name="value"/>.</summary>
    public static implicit operator PublishResult<T>(T value) => new(PublishResult.Replace(value));

    /// <summary>What <paramref name="result"/> says.</summary>
    public static implicit operator PublishResult<T>(PublishResult result) => new(result);
}

/// <summary>What a handler of subscriptions decides. It may return a <see cref="bool"/> as well, or nothing, which allows.</summary>
public sealed class SubscribeResult
{
    /// <summary>The subscription begins.</summary>
    public static readonly SubscribeResult Accept = new();

    private SubscribeResult()
    {
    }

    internal string? Refusal { get; private init; }

    /// <summary>There is no subscription: who asked gets the code <c>not_allowed</c> with this text.</summary>
    /// <param name="reason">What is read in <c>error</c>.</param>
    public static SubscribeResult Refuse(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new SubscribeResult { Refusal = reason };
    }
}

/// <summary>What a handler of calls decides, where it may refuse. One that returns a plain value answers with it.</summary>
public sealed class CallResult
{
    private CallResult()
    {
    }

    internal string? Refusal { get; private init; }

    internal object? Value { get; private init; }

    /// <summary>The call is refused: who asked gets the code <c>not_allowed</c> with this text.</summary>
    /// <param name="reason">What is read in <c>error</c>.</param>
    public static CallResult Refuse(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new CallResult { Refusal = reason };
    }

    /// <summary>The call is answered.</summary>
    /// <param name="value">Any value that can be JSON.</param>
    public static CallResult Answer(object? value) => new() { Value = value };
}

/// <summary>What a handler of calls decides that answers with a <typeparamref name="T"/> on one path and refuses on another.</summary>
/// <remarks>A lambda says it as its result: <c>CallResult&lt;Order&gt; (int id) =&gt; Find(id) is { } order ? order : CallResult.Refuse("no such order")</c>, or
/// <c>async Task&lt;CallResult&lt;Order&gt;&gt; (int id) =&gt; …</c>.</remarks>
/// <typeparam name="T">What can be JSON.</typeparam>
public sealed class CallResult<T> : IHandlerResult
{
    private readonly CallResult _result;

    private CallResult(CallResult result) => _result = result;

    object IHandlerResult.Result => _result;

    /// <summary>The call is answered with <paramref name="value"/>.</summary>
    public static implicit operator CallResult<T>(T value) => new(CallResult.Answer(value));

    /// <summary>What <paramref name="result"/> says.</summary>
    public static implicit operator CallResult<T>(CallResult result) => new(result);
}

/// <summary>A decision inside a typed one.</summary>
internal interface IHandlerResult
{
    object Result { get; }
}

/// <summary>Who publishes, subscribes, sends or calls: for a handler's parameter of this type.</summary>
/// <param name="Connection">The connection's id.</param>
/// <param name="User">The user's id; null for somebody anonymous.</param>
/// <param name="Channel">The channel; the method of a call; the receiver of a direct message.</param>
public sealed record ChannelCaller(string Connection, string? User, string Channel);

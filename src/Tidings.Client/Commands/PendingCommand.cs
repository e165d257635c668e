using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Commands;

/// <summary>What becomes of a command that was sent when its connection ends before the answer.</summary>
internal enum Delivery
{
    /// <summary>It is sent again on the next connection: doing it twice is doing it once.</summary>
    Repeat,

    /// <summary>It fails, since nobody knows whether it was carried out. Not yet sent, it waits.</summary>
    Once,

    /// <summary>The same, and not yet sent it fails too: it is worth nothing later.</summary>
    Now,

    /// <summary>It belongs to its connection and is forgotten with it: subscriptions, which the next connection asks for anew.</summary>
    Connection,
}

/// <summary>A command on its way to its answer.</summary>
/// <param name="id">The command's id.</param>
/// <param name="json">The command as JSON, without its payload where that is binary.</param>
/// <param name="delivery">What becomes of it when its connection ends.</param>
/// <param name="payload">A binary payload; null where there is none.</param>
internal sealed class PendingCommand(long id, ReadOnlyMemory<byte> json, Delivery delivery, ReadOnlyMemory<byte>? payload = null)
{
    private readonly TaskCompletionSource<ServerFrame> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Also the command's place in the order of calls.</summary>
    public long Id { get; } = id;

    /// <summary>The whole command as JSON.</summary>
    public ReadOnlyMemory<byte> Json => payload is { } bytes ? CommandWriter.WithPayload(json.Span, bytes.Span) : json;

    /// <summary>The whole command as a binary message; null where it has no binary payload.</summary>
    public ReadOnlyMemory<byte>? Binary => payload is { } bytes ? CommandWriter.Binary(json.Span, bytes.Span) : default(ReadOnlyMemory<byte>?);

    /// <summary>How many bytes it takes while it waits.</summary>
    public int Length => json.Length + (payload?.Length ?? 0);

    public Delivery Delivery { get; } = delivery;

    /// <summary>Called with the answer, be it an error, before the next frame is read. Must not call out.</summary>
    public Action<ServerFrame>? OnAnswer { get; init; }

    /// <summary>Called when it is sent, each time. Must not call out.</summary>
    public Action? OnSent { get; init; }

    /// <summary>Called with the position of the answer, or null where there is none, or it was not carried out.</summary>
    public Action<StreamPosition?>? OnSettled { get; init; }

    /// <summary>When it was first sent, by the clock's timestamp; null before.</summary>
    public long? FirstSent { get; private set; }

    /// <summary>When it was last sent.</summary>
    public long LastSent { get; private set; }

    /// <summary>The answer; fails with <see cref="TidingsException"/>.</summary>
    public Task<ServerFrame> Answer => _answer.Task;

    public void Sent(long now)
    {
        FirstSent ??= now;
        LastSent = now;
        OnSent?.Invoke();
    }

    public void Complete(ServerFrame answer)
    {
        OnAnswer?.Invoke(answer);
        if (answer.Type == "error")
        {
            Fail(answer.Refusal());
        }
        else
        {
            OnSettled?.Invoke(answer.Position);
            _answer.TrySetResult(answer);
        }
    }

    public void Fail(TidingsException error)
    {
        OnSettled?.Invoke(null);
        _answer.TrySetException(error);
        // Nobody may be waiting any more.
        _ = _answer.Task.Exception;
    }

    public static TidingsException Unknown() => new(ErrorCode.Unavailable, "The connection ended before the answer; whether it was carried out is not known.");
}

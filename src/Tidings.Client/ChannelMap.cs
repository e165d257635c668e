using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tidings.Client.Contracts;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// The state of a channel, kept as it is on the server until the map is disposed: a value for each key, the newest that was published with it.
/// The channel's kind has <c>State</c>.
/// </summary>
/// <remarks>
/// Each change is told once and in order, also over broken connections; where something was missed for good the state is loaded again by itself. It
/// may be read from any thread, and an enumeration shows one moment. A value that is no <typeparamref name="T"/> is logged and left out.
/// </remarks>
/// <typeparam name="T">The values' type; <c>byte[]</c> for binary payloads.</typeparam>
#pragma warning disable CA1710 // It is a channel's state; that it can be read as a dictionary comes besides.
public sealed class ChannelMap<T> : IReadOnlyDictionary<string, T?>, IAsyncDisposable
#pragma warning restore CA1710
{
    private readonly TidingsClient _client;
    private readonly MapFormat<T> _format;
    private readonly Func<int, CancellationToken, Task> _pause;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MapOptions<T> _options;
    private readonly SubscribeOptions _wanted;
    private ImmutableDictionary<string, MapEntry<T>> _entries = ImmutableDictionary.Create<string, MapEntry<T>>(StringComparer.Ordinal);
    private volatile ChannelSubscription _following;
    private volatile bool _isReady;

    internal ChannelMap(TidingsClient client, string channel, MapOptions<T> options, MapFormat<T> format, Func<int, CancellationToken, Task> pause)
    {
        (_client, Channel, _options, _format, _pause) = (client, channel, options, format, pause);
        _wanted = new SubscribeOptions { State = true, Token = options.Token };
        _following = client.Follow(channel, _wanted, null);
        Completion = Task.Run(RunAsync);
    }

    /// <summary>The channel's name.</summary>
    public string Channel { get; }

    /// <summary>Whether all is there, as far as it is known here. False before the first answer, and after something was missed until it is loaded again.</summary>
    public bool IsReady => _isReady;

    /// <summary>Up to where the channel's messages have been received; null before the first answer.</summary>
    public StreamPosition? Position => _following.Position;

    /// <summary>Completes when the map is disposed or the client is closed; fails with <see cref="TidingsException"/> where the server refuses or ends it,
    /// or the client is away for good.</summary>
    public Task Completion { get; }

    /// <summary>How many keys there are.</summary>
    public int Count => Entries.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => Entries.Keys;

    /// <inheritdoc/>
    public IEnumerable<T?> Values => Entries.Values.Select(static entry => entry.Value);

    private ImmutableDictionary<string, MapEntry<T>> Entries => Volatile.Read(ref _entries);

    /// <inheritdoc/>
    public T? this[string key] => Entries[key].Value;

    /// <summary>The value of a key with when and by whom it was said; null where there is none.</summary>
    /// <param name="key">The key.</param>
    public MapEntry<T>? Find(string key) => Entries.GetValueOrDefault(key);

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Entries.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T? value)
    {
        var found = Entries.TryGetValue(key, out var entry);
        value = found ? entry!.Value : default;
        return found;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, T?>> GetEnumerator() => Entries.Select(static entry => KeyValuePair.Create(entry.Key, entry.Value.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Completes when all is there for the first time.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsException">It was refused, or the client is away for good.</exception>
    /// <exception cref="OperationCanceledException">It was disposed before, or cancelled.</exception>
    public Task WaitAsync(CancellationToken cancellationToken = default) => _first.Task.WaitAsync(cancellationToken);

    /// <summary>Publishes a value for a key. It is here once the server has it: with <see cref="MapOptions{T}.Changed"/>.</summary>
    /// <param name="key">1 to 128 bytes.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">Without a key, and neither ephemeral nor with <see cref="PublishOptions.Except"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; what is sent may be accepted all the same.</param>
    /// <returns>Where it stands; null where a handler of the server dropped it.</returns>
    /// <exception cref="TidingsException"><see cref="ErrorCode.TooMany"/> where the state is full, <see cref="ErrorCode.NotAllowed"/> where this user may not publish.</exception>
    public Task<StreamPosition?> SetAsync(string key, T value, PublishOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (options is { Key: not null } or { Ephemeral: true } or { Except: true })
        {
            throw new ArgumentException("A value of a map has the key that is set, and is neither ephemeral nor kept from this client.", nameof(options));
        }

        options = (options ?? new PublishOptions()) with { Key = key };
        return value is byte[] bytes
            ? _client.PublishAsync(Channel, (ReadOnlyMemory<byte>)bytes, options, cancellationToken)
            : _client.PublishJsonAsync(Channel, _format.Write(value), options, cancellationToken);
    }

    /// <summary>Takes a key out. One that is not there is no fault.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsException">It was refused.</exception>
    public Task<StreamPosition?> RemoveAsync(string key, CancellationToken cancellationToken = default) => _client.RemoveKeyAsync(Channel, key, cancellationToken);

    /// <summary>Ends it; what is here stays as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        try
        {
            for (var attempt = 0; await FollowAsync().ConfigureAwait(false); attempt = _isReady ? 0 : attempt + 1)
            {
                _isReady = false;

                // A crowd that missed the same does not come at once.
                await _pause(attempt, _end.Token).ConfigureAwait(false);
                _following = _client.Follow(Channel, _wanted, null);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception error)
        {
            _first.TrySetException(error);
            _ = _first.Task.Exception;
            throw;
        }
        finally
        {
            _first.TrySetCanceled();
        }
    }

    /// <returns>Whether something was missed for good; else it has ended.</returns>
    private async Task<bool> FollowAsync()
    {
        var following = _following;
        await using (((IAsyncDisposable)following).ConfigureAwait(false))
        {
            await foreach (var told in following.WithCancellation(_end.Token).ConfigureAwait(false))
            {
                switch (told)
                {
                    case ChannelStateLoaded state:
                        Load(state);
                        break;
                    case ChannelMessage { Key: { } key, Position: not null } message when _isReady:
                        Put(key, message.IsKeyRemoval ? null : Read(message));
                        break;
                    case ChannelRemoved { Position: var position } when Entries.FirstOrDefault(entry => entry.Value.Position == position) is { Key: { } erased }:
                        Put(erased, null);
                        break;
                    case ChannelError error:
                        _client.Call(_options.Failed, error);
                        break;
                    case ChannelGap:
                        return true;
                }
            }
        }

        return false;
    }

    private void Load(ChannelStateLoaded state)
    {
        var now = ImmutableDictionary.CreateBuilder<string, MapEntry<T>>(StringComparer.Ordinal);
        foreach (var message in state.Entries)
        {
            if (message.Key is { } key && Read(message) is { } entry)
            {
                now[key] = entry;
            }
        }

        var before = Entries;
        Volatile.Write(ref _entries, now.ToImmutable());
        _isReady = true;
        foreach (var (key, entry) in before.Where(entry => !now.ContainsKey(entry.Key)).OrderBy(static entry => entry.Value.Position.Offset))
        {
            _client.Call(_options.Changed, new MapChange<T>(key, entry, null));
        }

        foreach (var (key, entry) in now.OrderBy(static entry => entry.Value.Position.Offset))
        {
            var previous = before.GetValueOrDefault(key);
            if (previous?.Position.Offset != entry.Position.Offset || previous.Time != entry.Time)
            {
                _client.Call(_options.Changed, new MapChange<T>(key, previous, entry));
            }
        }

        _first.TrySetResult();
        _client.Call(_options.Ready, this);
    }

    private void Put(string key, MapEntry<T>? entry)
    {
        var previous = Entries.GetValueOrDefault(key);
        Volatile.Write(ref _entries, entry is null ? Entries.Remove(key) : Entries.SetItem(key, entry));
        if (previous is not null || entry is not null)
        {
            _client.Call(_options.Changed, new MapChange<T>(key, previous, entry));
        }
    }

    private MapEntry<T>? Read(ChannelMessage message)
    {
        try
        {
            return new MapEntry<T>(_format.Read(message), message.Position!.Value, message.Time) { From = message.From, Event = message.Event };
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or InvalidOperationException)
        {
            ClientLog.ValueUnreadable(_client.Log, error, message.Key, Channel, typeof(T).Name);
            return null;
        }
    }
}

/// <summary>How values of a map become JSON, and back.</summary>
internal sealed record MapFormat<T>(Func<ChannelMessage, T?> Read, Func<T, byte[]> Write);

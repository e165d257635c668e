using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings;

/// <summary>Messages that are published if, and only if, what they tell of is committed.</summary>
/// <remarks>A service of the same scope as the context. Like the context it is used by one flow at a time.</remarks>
/// <typeparam name="TContext">The context whose transactions carry them; made known by <c>AddTidings().AddDbContext&lt;TContext&gt;()</c>.</typeparam>
public sealed class Outbox<TContext>
    where TContext : DbContext
{
    private const int LongestKey = 128;

    private readonly TContext _context;
    private readonly LiveContext _live;

    internal Outbox(TContext context, LiveContext live)
    {
        _context = context;
        _live = live;
    }

    /// <summary>Publishes a value into a channel with the next <c>SaveChanges</c> of the context, or the commit of its transaction, whichever comes first.</summary>
    /// <remarks>With a relational provider it is a row of the same transaction: rolled back, it was never said; committed, it is published once,
    /// in the order of commits as far as two transactions wait for each other. Where neither a save nor a commit follows, nothing is published.</remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">The value, which becomes JSON by the application's options now.</param>
    /// <param name="key">What the message is about, at most 128 bytes: those who conflate get only the newest of each key. Default none.</param>
    /// <exception cref="ArgumentException">The name or the key is not valid.</exception>
    public void Publish<T>(string channel, T data, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (!ChannelName.IsValid(channel))
        {
            throw new ArgumentException($"\"{channel}\" is no channel name: {ChannelName.Rule}.", nameof(channel));
        }

        if (key is not null && (key.Length == 0 || Encoding.UTF8.GetByteCount(key) > LongestKey))
        {
            throw new ArgumentException($"A key has 1 to {LongestKey} bytes.", nameof(key));
        }

        var json = CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(data, _live.Json));
        _live.PendingOf(_context).Add(_context, new OutboxEvent(channel, key, json, Hidden: null));
    }
}

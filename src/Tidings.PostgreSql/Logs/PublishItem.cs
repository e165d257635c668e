using System.Security.Cryptography;
using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>Something to be published, and who waits for it.</summary>
internal sealed class PublishItem(string channel, byte[] payload)
{
    private readonly TaskCompletionSource<StreamPosition?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Channel => channel;

    public byte[] Payload => payload;

    public Publication? Publication { get; private init; }

    public PublishKind Kind { get; private init; }

    /// <summary>The key of the state, or null.</summary>
    public byte[]? Key { get; private init; }

    /// <summary>A hash of the idempotency key, or null.</summary>
    public byte[]? Once { get; private init; }

    /// <summary>What back ends are told, without its place where it has one; or null.</summary>
    public byte[]? Event { get; init; }

    /// <summary>Which of them, separated by commas.</summary>
    public string Told { get; init; } = "";

    public Task<StreamPosition?> Done => _done.Task;

    public static PublishItem Of(Publication publication, byte[]? what = null, string told = "") => new(publication.Channel, LogEntry.Encode(publication))
    {
        Publication = publication,
        Kind = publication.Ephemeral ? PublishKind.Passing
            : !publication.IsState ? PublishKind.Kept
            : publication.Kind == MessageKind.KeyRemoval ? PublishKind.TakesKey : PublishKind.SetsKey,
        Key = publication.IsState ? Encoding.UTF8.GetBytes(publication.Key!) : null,
        Once = publication.IdempotencyKey is { } key ? Hash(key) : null,
        Event = what,
        Told = told,
    };

    /// <summary>Something that nodes say to one another.</summary>
    public static PublishItem Said(string name, byte[] content) => new(name, content) { Kind = PublishKind.Passing };

    /// <summary>As <c>tidings.publish</c> hashes it.</summary>
    public static byte[] Hash(string idempotencyKey) => SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey));

    public void Complete(StreamPosition? position) => _done.TrySetResult(position);

    public void Fail(Exception error) => _done.TrySetException(error);
}

/// <summary>What is done with it, as the schema's <c>publish_1</c> names it.</summary>
internal enum PublishKind : short
{
    Kept = 0,
    Passing = 1,
    SetsKey = 2,
    TakesKey = 3,
}

namespace Tidings.Security.Identities;

/// <summary>What a revocation is of.</summary>
public enum RevocationKind : byte
{
    /// <summary>A user, with all tokens that were issued until then.</summary>
    User,

    /// <summary>A token by its id, for ever.</summary>
    Token,

    /// <summary>Tokens of a revoked user that do not say when they were made.</summary>
    Undated,
}

/// <summary>Something that must not come in any more.</summary>
/// <param name="Kind">What it is of.</param>
/// <param name="Name">The user, or the token's id: 1 to 8,192 bytes.</param>
/// <param name="At">Since when, in Unix milliseconds by the clock that the nodes share: of users, what was issued until then; of undated tokens, what ends until then. Of two for one name the later
/// one holds.</param>
public readonly record struct Revocation(RevocationKind Kind, string Name, long At);

/// <summary>Where nodes keep what was revoked. Safe from any thread.</summary>
/// <remarks>A node that starts, or was away, must know all that the others revoked before it hears of anything else: an engine hands it to <see cref="IRevocationBook.Take"/>, and puts into
/// what the nodes share whatever <see cref="IRevocationBook.All"/> has besides. At least the newest 100,000 of each kind are kept, for 400 days.</remarks>
public interface IRevocationLog
{
    /// <summary>Has all nodes know of it. What was revoked here stays so whatever becomes of the call, and is told again when the others can be reached.</summary>
    /// <param name="revocation">What was revoked.</param>
    /// <exception cref="Brokers.BrokerUnavailableException">Nobody else knows of it yet.</exception>
    Task ShareAsync(Revocation revocation);
}

/// <summary>What this node knows to be revoked. Safe from any thread.</summary>
public interface IRevocationBook
{
    /// <summary>All of it, in no order.</summary>
    IReadOnlyList<Revocation> All { get; }

    /// <summary>Takes over what was revoked elsewhere, and ends the connections of this node that it reaches. What is known already, or older, is no fault.</summary>
    /// <param name="revocations">What was revoked.</param>
    void Take(IReadOnlyCollection<Revocation> revocations);
}

/// <summary>What is revoked on a single node is revoked everywhere.</summary>
internal sealed class NoSharedRevocations : IRevocationLog
{
    public Task ShareAsync(Revocation revocation) => Task.CompletedTask;
}

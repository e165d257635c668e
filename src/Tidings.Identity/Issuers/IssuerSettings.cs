using Tidings.Security.Tokens;

namespace Tidings.Security.Issuers;

/// <summary>One issuer of tokens: where its keys are from, and what its tokens mean. Immutable.</summary>
internal sealed record IssuerSettings
{
    /// <summary>Keys of the configuration; empty where they are fetched.</summary>
    public IReadOnlyList<TokenKey> Keys { get; init; } = [];

    /// <summary>Where keys are fetched from; null where the configuration has them.</summary>
    public KeyLocation? Location { get; init; }

    public ClaimMapping Mapping { get; init; } = new();
}

/// <summary>Where an issuer publishes its keys.</summary>
/// <param name="Authority">The issuer's address, below which its discovery document is (OpenID Connect Discovery 1.0 §4); null where the keys' own address is known.</param>
/// <param name="JwksUrl">The address of its keys (RFC 7517 §5); null where the discovery document says it.</param>
/// <param name="Issuer">What the document must say that the issuer is; null for the authority itself.</param>
internal sealed record KeyLocation(string? Authority, string? JwksUrl, string? Issuer)
{
    /// <summary>The algorithms that its keys are used with. A key that names none is used with <c>RS256</c>, or that of its curve, or with all of these that fit it where the options name them.</summary>
    public AlgorithmList Algorithms { get; init; } = AlgorithmList.Default;

    /// <summary>Its name in messages.</summary>
    public string Name => Authority ?? JwksUrl!;

    /// <summary>What is wrong with an address, or null: HTTPS, or HTTP of this machine; no user, no fragment.</summary>
    public static string? Fault(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { UserInfo: "", Fragment: "" } && (uri.Scheme == Uri.UriSchemeHttps || IsLocal(uri))
            ? null
            : "https://…, or http:// of a loopback address";

    /// <summary>Whether it is plain HTTP of this machine.</summary>
    public static bool IsLocal(Uri uri) => uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback;
}

/// <summary>Algorithms that an issuer may use, compared by what they are.</summary>
internal sealed class AlgorithmList : IEquatable<AlgorithmList>
{
    /// <summary>All that need no shared secret.</summary>
    public static readonly AlgorithmList Default = new(Enum.GetValues<TokenAlgorithm>().Where(static one => one.Kind() != TokenKeyKind.Secret), named: false);

    private AlgorithmList(IEnumerable<TokenAlgorithm> all, bool named) => (All, Named) = ([.. all.Distinct()], named);

    public IReadOnlyList<TokenAlgorithm> All { get; }

    /// <summary>Whether the options name them.</summary>
    public bool Named { get; }

    /// <returns>The default where none is named.</returns>
    public static AlgorithmList Of(IList<TokenAlgorithm> named) => named.Count == 0 ? Default : new AlgorithmList(named, named: true);

    public bool Equals(AlgorithmList? other) => other is not null && Named == other.Named && All.SequenceEqual(other.All);

    public override bool Equals(object? obj) => Equals(obj as AlgorithmList);

    public override int GetHashCode() => All.Aggregate(All.Count, static (hash, one) => HashCode.Combine(hash, one));
}

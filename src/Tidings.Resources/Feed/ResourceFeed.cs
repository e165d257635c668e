using System.Security.Claims;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Rules;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Resources.Feed;

/// <summary>The feed of one resource on this node. Safe from any thread.</summary>
internal sealed class ResourceFeed(Node node, ResourceDefinition definition, LiveContext live)
{
    private const int LargestRows = 256 * 1024;

    private static readonly ClaimsPrincipal Nobody = new(new ClaimsIdentity());

    private readonly FeedDialect _whole = new(node.Deflater);

    public Resource Resource => definition.Resource;

    /// <summary>The context that the rows are in.</summary>
    public LiveContext Live => live;

    public Hub Hub => node.Hub;

    public IBroker Broker => node.Broker;

    public TimeProvider Time => node.Time;

    /// <summary>Why somebody may not see the feed at all, or null.</summary>
    public DisconnectCode? Refuse(Identity? identity)
    {
        var kind = node.Kinds.Find(Resource.Channel);
        var may = kind.Closed
            ? identity?.Grants is not { } grants || grants.Allow(Resource.Channel, TokenActions.Subscribe)
            : Permissions.MaySubscribe(kind, Resource.Channel, identity);
        return may ? null : identity is null ? DisconnectCode.Unauthorized : DisconnectCode.Forbidden;
    }

    public FeedView ViewOf(Identity? identity, IReadOnlyList<(int Column, object? Value)> filter) => new(Resource, UserOf(identity), filter);

    public Dialect DialectFor(FeedSession session, FeedView view, DeflateTerms? terms) => view.IsWhole ? _whole.For(terms) : new FilteredFeedDialect(session, view);

    /// <summary>The places of those who read a page of rows.</summary>
    public ReadingPlaces Places { get; } = new(node.Time);

    public static int LargestPart(Connection connection) => Math.Min(LargestRows, connection.Settings.QueueBytes / 4);

    /// <summary>Who somebody is to the application's own rules.</summary>
    public static ClaimsPrincipal UserOf(Identity? identity) => identity switch
    {
        null => Nobody,
        { Principal: { } principal } => principal,
        _ => new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, identity.User), new Claim("sub", identity.User)], "Tidings")),
    };
}

using Tidings.AspNetCore.Express;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Handshakes that pass by the web server.</summary>
public static class ExpressHandshakeExtensions
{
    /// <summary>
    /// Lets the lane that accepted a connection answer its handshake on this route itself, without Kestrel, middleware and routing: about a third
    /// of the CPU time. Tidings' own checks and limits, tokens in the query or subprotocol and first messages hold as before.
    /// </summary>
    /// <remarks>
    /// For <c>MapRooms</c>, <c>MapEcho</c>, <c>MapTidings</c>, <c>MapClients</c> and <c>MapTasks</c> in a host that called <c>UseTidings</c>;
    /// without lanes it has no effect. Middleware does not see these requests: no request log, no rewriting of paths, no authentication of the
    /// application. A handshake that is not plain (with cookies, <c>Authorization</c>, forwarded or <c>X-</c> headers, an encoded path) goes
    /// through the pipeline all the same. The start fails where the route bears metadata that the pipeline would have to carry out, as
    /// <c>RequireAuthorization</c>, CORS or filters, or where another route may be meant by the same paths.
    /// </remarks>
    /// <param name="builder">What a <c>Map</c> method of Tidings has returned.</param>
    public static TBuilder WithExpressHandshake<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(static endpoint => endpoint.Metadata.Add(ExpressHandshakeMetadata.Instance));
        return builder;
    }
}

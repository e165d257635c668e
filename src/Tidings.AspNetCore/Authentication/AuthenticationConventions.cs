using Tidings;
using Tidings.AspNetCore.Authentication;

namespace Microsoft.AspNetCore.Builder;

/// <summary>How clients of single routes say who they are.</summary>
public static class AuthenticationConventions
{
    /// <summary>Takes in those alone who say who they are, in one of these ways. <c>AllowAnonymous</c> on the route takes in the others as well.</summary>
    /// <remarks>For the routes of Tidings itself: rooms, clients, echo and the channel protocol on every transport. A <c>MapWebSocket</c> route
    /// says <c>RequireAuthorization</c>, as any other endpoint.</remarks>
    /// <param name="builder">A route, or a group of them.</param>
    /// <param name="methods">The ways.</param>
    public static TBuilder WithAuthentication<TBuilder>(this TBuilder builder, AuthenticationMethods methods = AuthenticationMethods.All)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => endpoint.Metadata.Add(new AuthenticationRule(methods, Required: true)));
        return builder;
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Services;
using Tidings.AspNetCore.Streams;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Streams of bytes by the Durable Streams protocol.</summary>
public static class StreamEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Put, HttpMethods.Post, HttpMethods.Delete, HttpMethods.Options];

    /// <summary>Maps streams that are made by <c>PUT</c>, appended to by <c>POST</c>, read and followed by <c>GET</c>, and deleted by <c>DELETE</c>, by version 1.0 of the Durable Streams protocol
    /// (docs/guides/streams.md). Outputs of tasks are among them, as <c>tasks/{id}/output</c>, and are only read here.</summary>
    /// <remarks>Writing needs <c>Tidings:ApiKey</c>, or a permission to publish in the channel <c>stream:</c> and the stream's path: of a token, or of a kind whose pattern begins with <c>stream:</c>. In
    /// the environment Development, and as long as there is no key, direct local requests need none. Reading needs what a subscription to that channel needs.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">What stands before a stream's path.</param>
    public static IEndpointConventionBuilder MapStreams(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/streams")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var entrance = new HttpEntrance(tidings, new ConnectRoute(tidings, tidings.Node.Channels));
        var access = new StreamAccess(tidings, entrance);
        var writing = new StreamWriteRoutes(tidings, access);
        var reading = new StreamReadRoutes(tidings, access, entrance);
        return endpoints.MapMethods(pattern.TrimEnd('/') + "/{**path}", Methods, context => StreamAnswer.ServeAsync(context, tidings, context.Request.Method switch
        {
            "PUT" => writing.CreateAsync,
            "POST" => writing.AppendAsync,
            "DELETE" => writing.DeleteAsync,
            "HEAD" => reading.HeadAsync,
            "OPTIONS" => StreamAnswer.PreflightAsync,
            _ => reading.ReadAsync,
        })).WithMetadata(TakesAnyBody.Instance);
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Script;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The JavaScript client, served by the application.</summary>
public static class ScriptEndpoint
{
    private static readonly Lazy<EmbeddedFile> Script = new(static () => EmbeddedFile.Read(typeof(ScriptEndpoint).Assembly, "tidings.js"));

    /// <summary>Maps the JavaScript client: one module without dependencies, of this very version, for <c>import { Tidings } from '/tidings.js'</c>.</summary>
    /// <remarks>It is public: pages of any origin may load it, and no authorization is asked for. It is compressed where the browser takes gzip, and answered with
    /// 304 where the browser has it already.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    public static IEndpointConventionBuilder MapTidingsScript(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/tidings.js")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], static context =>
        {
            // A module is fetched by the rules of CORS; there is nothing in it that a page elsewhere may not read.
            context.Response.Headers.AccessControlAllowOrigin = "*";
            return Script.Value.Serve(context).ExecuteAsync(context);
        }).WithMetadata(new AllowAnonymousAttribute(), new ExcludeFromDescriptionAttribute());
    }
}

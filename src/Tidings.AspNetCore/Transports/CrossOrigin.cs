using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Handshake;

namespace Tidings.AspNetCore.Transports;

/// <summary>Lets pages of other origins read the answers: of those that may connect, and no others.</summary>
/// <remarks>The application need not add middleware. Where it has its own for these routes, it goes before.</remarks>
internal sealed class CrossOrigin
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete];
    private static readonly string[] Headers = ["Authorization", "Content-Type", "Last-Event-ID", "Cache-Control"];
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(1);

    private readonly CorsService _cors;
    private volatile CorsPolicy _policy;
    private readonly OriginPolicy _origins;

    /// <param name="origins">Who may connect.</param>
    /// <param name="allowed">The configured origins; where there are none, pages of all origins may read what anybody may, without their users' cookies.</param>
    /// <param name="log">Where ASP.NET Core's own words about it go.</param>
    public CrossOrigin(OriginPolicy origins, string[] allowed, ILoggerFactory log)
    {
        _policy = Policy(allowed);
        _cors = new CorsService(Microsoft.Extensions.Options.Options.Create(new CorsOptions()), log);
        _origins = origins;
    }

    /// <summary>Goes by another list from now on.</summary>
    public void Change(string[] allowed) => _policy = Policy(allowed);

    /// <summary>Adds what a browser asks of an answer. A preflight needs nothing more.</summary>
    /// <returns>Whether the request may go on.</returns>
    public bool Admit(HttpContext context)
    {
        if (context.Request.Headers.Origin.Count > 0)
        {
            _cors.ApplyResult(_cors.EvaluatePolicy(context, _policy), context.Response);
        }

        return _origins.Allows(context.Request);
    }

    private static CorsPolicy Policy(string[] allowed)
    {
        var policy = new CorsPolicyBuilder().WithMethods(Methods).WithHeaders(Headers).WithExposedHeaders("Retry-After").SetPreflightMaxAge(PreflightAge);
        return (allowed.Length == 0 ? policy.AllowAnyOrigin() : policy.WithOrigins(allowed).AllowCredentials()).Build();
    }
}

using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Origins;

/// <summary>Lets pages of other origins read the answers: of those that may connect, and no others. Whether a request may go on is not decided here (<see cref="OriginPolicy"/>).</summary>
/// <remarks>The application need not add middleware. Where it has its own for these routes, it goes before.</remarks>
internal sealed class CrossOrigin
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete];
    private static readonly string[] Headers = ["Authorization", "Content-Type", "Last-Event-ID", "Cache-Control", "Tidings-Channel-Token"];
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(1);

    private readonly CorsService _cors;
    private volatile CorsPolicy _policy;

    /// <param name="allowed">The configured origins; where there are none, pages of all origins may read what anybody may, without their users' cookies.</param>
    /// <param name="log">Where ASP.NET Core's own words about it go.</param>
    public CrossOrigin(string[] allowed, ILoggerFactory log)
    {
        _policy = Policy(allowed);
        _cors = new CorsService(Microsoft.Extensions.Options.Options.Create(new CorsOptions()), log);
    }

    /// <summary>Goes by another list from now on.</summary>
    public void Change(string[] allowed) => _policy = Policy(allowed);

    /// <summary>Serves a route that pages call: what a browser asks of an answer is added before anything else looks at the request, so that a page can
    /// read the refusals too.</summary>
    public RequestDelegate Serve(RequestDelegate route) => context =>
    {
        AddHeaders(context);
        return route(context);
    };

    /// <summary>Answers a preflight: what a page may do, the headers say; the request itself is judged when it comes.</summary>
    public Task AnswerPreflightAsync(HttpContext context)
    {
        AddHeaders(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Adds what a browser asks of an answer.</summary>
    public void AddHeaders(HttpContext context)
    {
        if (context.Request.Headers.Origin.Count > 0)
        {
            _cors.ApplyResult(_cors.EvaluatePolicy(context, _policy), context.Response);
        }
    }

    /// <summary>Lets such pages read more headers of an answer than they may otherwise. To be called after <see cref="AddHeaders"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="headers">Names of headers, with commas between them: all that may be read.</param>
    public static void Expose(HttpContext context, string headers)
    {
        if (context.Response.Headers.AccessControlAllowOrigin.Count > 0)
        {
            context.Response.Headers.AccessControlExposeHeaders = headers;
        }
    }

    private static CorsPolicy Policy(string[] allowed)
    {
        var policy = new CorsPolicyBuilder().WithMethods(Methods).WithHeaders(Headers).WithExposedHeaders("Retry-After").SetPreflightMaxAge(PreflightAge);
        return (allowed.Length == 0 ? policy.AllowAnyOrigin() : policy.WithOrigins(allowed).AllowCredentials()).Build();
    }
}

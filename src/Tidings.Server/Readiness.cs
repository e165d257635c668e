using Tidings.AspNetCore.Services;

namespace Tidings.Server;

/// <summary><c>/readyz</c>: whether new connections are taken.</summary>
internal static class Readiness
{
    /// <summary>Maps the health checks. While the server drains or is overloaded the answer is 503 without asking them, and while nothing can be written it is 200 <c>Degraded</c>: the
    /// framework would log a warning or an error each time, and what is to be said was said once.</summary>
    public static void MapReadiness(this WebApplication app, string pattern)
    {
        var tidings = app.Services.GetTidings();
        app.MapHealthChecks(pattern).Add(endpoint =>
        {
            var check = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
                tidings.Node.Registry.IsDraining || tidings.Node.Shedder.Reason is not null ? AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "Unhealthy")
                : tidings.Node.Engine is { IsAvailable: true, Refusal: not null } ? AnswerAsync(context, StatusCodes.Status200OK, "Degraded")
                : check(context);
        });
    }

    private static Task AnswerAsync(HttpContext context, int status, string health)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.CacheControl = "no-store, no-cache";
        return context.Response.WriteAsync(health);
    }
}

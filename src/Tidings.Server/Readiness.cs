using Tidings.AspNetCore.Services;

namespace Tidings.Server;

/// <summary><c>/readyz</c>: whether new connections are taken.</summary>
internal static class Readiness
{
    /// <summary>Maps the health checks. While the server drains or is overloaded the answer is 503 without asking them: the framework would log an error
    /// each time, and nothing is wrong.</summary>
    public static void MapReadiness(this WebApplication app, string pattern)
    {
        var tidings = app.Services.GetTidings();
        app.MapHealthChecks(pattern).Add(endpoint =>
        {
            var check = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => tidings.Node.Registry.IsDraining || tidings.Node.Shedder.Reason is not null ? AnswerUnready(context) : check(context);
        });
    }

    private static Task AnswerUnready(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.CacheControl = "no-store, no-cache";
        return context.Response.WriteAsync("Unhealthy");
    }
}

using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;

namespace Tidings.Server.Dashboard;

/// <summary>Who may see the dashboard: the bearer of the admin key, a session that began with it, and where direct local requests need no key a program or browser on
/// this machine. What its page asks of the server API goes through here: the cookie is sent nowhere else.</summary>
internal sealed class DashboardGate(Edge tidings)
{
    /// <summary>What follows is the server API, asked by the page.</summary>
    private static readonly PathString Api = DashboardEndpoints.Root + "/api";

    private volatile DashboardSessions? _sessions;

    /// <summary>Sessions of those who have shown the key in force; null where there is none to sign in with.</summary>
    public DashboardSessions? Sessions
    {
        get
        {
            var (key, sessions) = (tidings.AdminKey, _sessions);
            if (sessions?.AdminKey != key)
            {
                _sessions = sessions = key is null ? null : new DashboardSessions(key, tidings.Node.Time, tidings.Node.Registry.Revocations);
            }

            return sessions;
        }
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments(Api, out var operation))
        {
            return next(context);
        }

        if (!Admits(context))
        {
            return Refuse(context).ExecuteAsync(context);
        }

        context.Request.Path = "/api" + operation;
        return next(context);
    }

    /// <summary>Whether the request may go on; one with a session then counts as one with the key.</summary>
    public bool Admits(HttpContext context)
    {
        if (tidings.AdminAccess.Admits(context.Request))
        {
            return true;
        }

        if (!IsOwnPage(context.Request) || Sessions?.Find(context) is not { } session)
        {
            return false;
        }

        context.Features.Set(session);
        return true;
    }

    // Cookies come along for pages of the same site, which other ports and subdomains are. A browser says where a request comes from: with Origin whenever
    // something is to be changed (RFC 6265bis, section 8.8; WHATWG Fetch, "append a request Origin header"), with Sec-Fetch-Site on HTTPS and localhost.
    public static bool IsOwnPage(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        var origin = request.Headers.Origin;
        return (site.Count == 0 || site == "same-origin" || (site == "none" && HttpMethods.IsGet(request.Method)))
            && (origin.Count == 0 ? HttpMethods.IsGet(request.Method) : origin.Count == 1 && OriginPolicy.IsOwn(request, origin[0]!));
    }

    public IResult Refuse(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized(Explain());
    }

    /// <summary>What to do about it.</summary>
    public string Explain() =>
        Sessions is not null ? $"Sign in, or send {ServerKey.AdminKey} as \"Authorization: Bearer <key>\"."
        : tidings.AdminAccess.TrustsLocal ? $"Without {ServerKey.AdminKey} the dashboard answers direct requests from this machine alone. Set it, and sign in."
        : $"There is no admin key. Set {ServerKey.AdminKey}, and sign in.";
}

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Diagnostics;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Who may see the dashboard: the bearer of the admin key, a session that began with it, and where direct local requests need no key a program or browser on
/// this machine. What its page asks of the server API stands below it: the cookie is sent nowhere else.</summary>
internal sealed partial class DashboardGate(Edge tidings, DashboardPlace place, ILogger<DashboardGate> log)
{
    private const int LongestPath = 500;

    private static readonly object OnlyLooks = new();

    private volatile DashboardSessions? _sessions;

    /// <summary>Sessions of those who have shown the key in force; null where there is none to sign in with.</summary>
    public DashboardSessions? Sessions
    {
        get
        {
            var (key, sessions) = (tidings.AdminKey, _sessions);
            if (sessions?.AdminKey != key)
            {
                _sessions = sessions = key is null ? null : new DashboardSessions(key, place, tidings.Node.Time, tidings.Node.Registry.Revocations);
            }

            return sessions;
        }
    }

    /// <summary>Whether people may also sign in at a provider.</summary>
    public bool SignsInElsewhere { get; set; }

    /// <summary>A route behind the gate: only who is let in comes to it, and who changes something is noted.</summary>
    public RequestDelegate Guard(RequestDelegate next) => context =>
    {
        if (!Admits(context))
        {
            return Refuse(context).ExecuteAsync(context);
        }

        Note(context);
        return next(context);
    };

    // Once it is answered, with what: whoever acts does so in somebody's name.
    private void Note(HttpContext context)
    {
        if (IsLook(context.Request) || context.Features.Get<AdminSession>() is not { } session)
        {
            return;
        }

        var path = LogText.Clean(context.Request.Path.Value ?? "", LongestPath);
        context.Response.OnCompleted(() =>
        {
            LogActed(log, session.User ?? "a holder of the admin key", AddressKey.From(context.Connection.RemoteIpAddress), context.Request.Method, path, context.Response.StatusCode);
            return Task.CompletedTask;
        });
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

        // Who may only look is refused before it counts as one with the key.
        if (!session.MayAct && !IsLook(context.Request))
        {
            context.Items[OnlyLooks] = true;
            return false;
        }

        context.Features.Set(session);
        return true;
    }

    private static bool IsLook(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

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
        if (context.Items.ContainsKey(OnlyLooks))
        {
            return Problems.Create(ErrorCode.NotAllowed, "Viewers may look and change nothing.");
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Unauthorized(Explain());
    }

    /// <summary>What to do about it.</summary>
    public string Explain() =>
        Sessions is not null ? $"Sign in, or send {ServerKey.AdminKey} as \"Authorization: Bearer <key>\"."
        : tidings.AdminAccess.TrustsLocal ? $"Without {ServerKey.AdminKey} the dashboard answers direct requests from this machine alone. Set it, and sign in."
        : $"There is no admin key. Set {ServerKey.AdminKey}, and sign in.";

    [LoggerMessage(645, LogLevel.Information, "Dashboard: {Who} at {Address} asked for {Method} {Path}, answered {Status}")]
    private static partial void LogActed(ILogger logger, string who, AddressKey address, string method, string path, int status);
}

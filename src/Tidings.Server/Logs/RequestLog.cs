using System.Net;
using Tidings.Diagnostics;

namespace Tidings.Server.Logs;

/// <summary>One line for each request, written when its answer begins: a WebSocket or a stream is told of when it opens.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> log, TimeProvider time)
{
    private const int LongestMethod = 20;
    private const int LongestPath = 512;
    private const int LongestQuery = 256;
    private const int LongestAgent = 200;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var started = time.GetTimestamp();
        context.Response.OnStarting(() =>
        {
            Write(context, time.GetElapsedTime(started));
            return Task.CompletedTask;
        });
        return next(context);
    }

    private void Write(HttpContext context, TimeSpan taken)
    {
        var request = context.Request;
        LogRequest(
            context.Connection.RemoteIpAddress,
            LogText.Clean(request.Method, LongestMethod),
            LogText.Clean(request.PathBase.ToUriComponent() + request.Path.ToUriComponent(), LongestPath),
            LogText.Clean(QueryText.Redact(request.QueryString), LongestQuery),
            context.Response.StatusCode,
            (long)taken.TotalMilliseconds,
            LogText.Clean(request.Headers.UserAgent.ToString(), LongestAgent));
    }

    [LoggerMessage(620, LogLevel.Information, "{Client} {Method} {Path}{Query} {Status} {Milliseconds} ms \"{Agent}\"")]
    private partial void LogRequest(IPAddress? client, string method, string path, string query, int status, long milliseconds, string agent);
}

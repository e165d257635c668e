using System.Net;
using Microsoft.AspNetCore.Http;

namespace Tidings.Tests.Edge;

internal static class Requests
{
    /// <summary>A request as a program on this machine sends it, changed as said.</summary>
    public static HttpRequest Local(params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        context.Request.Scheme = "http";
        context.Request.Headers.Host = "localhost:8000";
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        return context.Request;
    }
}

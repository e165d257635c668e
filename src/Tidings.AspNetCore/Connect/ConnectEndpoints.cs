using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Connect;
using Tidings.AspNetCore.Services;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The channel protocol's routes.</summary>
public static class ConnectEndpoints
{
    private const string Json = "application/json";
    private const string ChannelMeaning = "A channel to listen to; repeated for several, at most 16.";
    private const string SinceMeaning = "A position to go on from: the id of an event, or the position of a poll's answer.";
    private const string LastMeaning = "Begin with the newest so many messages of each channel. Not together with since.";
    private const string InfoMeaning = "What is shown of the reader's members: a JSON object that has the name of each channel and the info there.";
    private const string PresenceMeaning = "Tell joins, leaves and updates of members as well.";

    // HTTP/1.1 asks for a WebSocket by GET, HTTP/2 by CONNECT (RFC 8441).
    private static readonly string[] ConnectMethods = [HttpMethods.Get, HttpMethods.Connect];
    private static readonly string[] Preflight = [HttpMethods.Options];
    private static readonly int[] FaultStatuses = [400, 401, 403, 429, 503];
    private static readonly int[] CommandFaultStatuses = [400, 401, 403, 413, 503];

    /// <summary>Maps the channel protocol (docs/protocol.md): what the client libraries speak, and anybody can. A WebSocket; with
    /// <c>Accept: text/event-stream</c> Server-Sent Events; with <c>since</c> or <c>wait</c> a poll; commands by POST.</summary>
    /// <remarks>The user is who a token or ticket says (docs/security.md), or ASP.NET Core's authentication, where it runs before. The server subscribes each connection to <c>all</c>
    /// and, where there is a user, to <c>user:&lt;id&gt;</c>.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/connect</c>.</param>
    public static TidingsBuilder MapTidings(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/connect")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var transports = new ConnectTransports(tidings);
        var group = MapGroup(endpoints, pattern, tidings);
        group.MapMethods("", ConnectMethods, transports.ServeAsync);
        group.MapMethods("", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        RouteDescription.Add(
            group.MapMethods("", [HttpMethods.Post], tidings.CrossOrigin.Serve(transports.ServeCommandsAsync)), "commands", "One command of the channel protocol, or an array of up to 100; answered by its reply, or theirs in order.",
            ((Delegate)DescribeCommands).Method, typeof(JsonElement), Json, CommandFaultStatuses);
        return new TidingsBuilder(group, tidings);
    }

    /// <summary>Maps the Server-Sent Events of the channel protocol by themselves.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/api/events</c>.</param>
    public static IEndpointConventionBuilder MapTidingsEvents(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/events")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var transports = new ConnectTransports(tidings);
        var group = MapGroup(endpoints, pattern, tidings);
        group.MapMethods("", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        RouteDescription.Add(
            group.MapMethods("", [HttpMethods.Get], tidings.CrossOrigin.Serve(transports.ServeEventsAsync)), "events", "Channels as Server-Sent Events; the id of each event is a position to go on from.",
            ((Delegate)DescribeEvents).Method, typeof(string), "text/event-stream", FaultStatuses);
        return group;
    }

    /// <summary>Maps the polling of the channel protocol by itself.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/api/messages</c>.</param>
    public static IEndpointConventionBuilder MapTidingsMessages(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/messages")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var transports = new ConnectTransports(tidings);
        var group = MapGroup(endpoints, pattern, tidings);
        group.MapMethods("", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        RouteDescription.Add(
            group.MapMethods("", [HttpMethods.Get], tidings.CrossOrigin.Serve(transports.ServePollAsync)), "messages", "What was said in channels since a position; waits for the first message where there is none.",
            ((Delegate)DescribeMessages).Method, typeof(PollAnswer), Json, FaultStatuses);
        return group;
    }

    private static RouteGroupBuilder MapGroup(IEndpointRouteBuilder endpoints, string pattern, Edge tidings)
    {
        var group = endpoints.MapGroup(pattern);
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (AuthenticationRule.IsRequiredBy(endpoint.Metadata))
            {
                tidings.Node.OnRouteRequiresAuthentication();
            }
        });
        return group;
    }

    // For the OpenAPI document alone.
    private static void DescribeCommands(JsonElement commands)
    {
    }

    private static void DescribeEvents(
        [Description(ChannelMeaning)] string[]? channel,
        [Description(SinceMeaning)] string? since,
        [Description(LastMeaning)] int? last,
        [Description(PresenceMeaning)] bool? presence,
        [Description(InfoMeaning)] string? info,
        [Description("Tell how many subscribe, at most once a second.")] bool? occupancy)
    {
    }

    private static void DescribeMessages(
        [Description(ChannelMeaning)] string[]? channel,
        [Description(SinceMeaning)] string? since,
        [Description("How many seconds to wait for a message where there is none yet. 0 answers at once.")] int? wait,
        [Description(LastMeaning)] int? last,
        [Description(PresenceMeaning)] bool? presence,
        [Description(InfoMeaning)] string? info)
    {
    }
}

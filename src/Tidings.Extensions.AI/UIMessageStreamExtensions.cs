using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Services;
using Tidings.Extensions.AI.UIMessages;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Chat tasks in the words of the AI SDK.</summary>
public static class UIMessageStreamExtensions
{
    private static readonly string[] Preflight = [HttpMethods.Options];

    /// <summary>Maps what <c>useChat</c> of <c>@ai-sdk/react</c> (and the AI SDK for Vue, Svelte and Angular) calls: <c>POST</c> starts a chat task and answers with its UI message stream, <c>GET …/{chat}/stream</c> shows the
    /// one that runs from its beginning (204 where none does), and <c>DELETE …/{chat}/stream</c> cancels it.</summary>
    /// <remarks>
    /// A run goes on when its reader leaves. Who may start one is for the route to say: <c>.RequireAuthorization()</c>, as for any other. Who may follow it is who may watch its task and knows the chat's id;
    /// who may cancel it the kind says (<see cref="TaskKindBuilder.AllowCancel"/>). Messages of the role <c>system</c> are refused: <see cref="ChatTaskOptions.Options"/> has the instructions. Of a message its text is asked.
    /// </remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">The route, as the transport's <c>api</c>.</param>
    /// <param name="task">The kind of chat tasks, as <c>MapChat</c> named it.</param>
    public static IEndpointConventionBuilder MapUIMessageStream(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, string task)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(task);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var routes = new UIMessageRoutes(tidings, task);
        var group = endpoints.MapGroup(pattern);
        group.MapMethods("", [HttpMethods.Post], tidings.CrossOrigin.Serve(routes.AskAsync));
        group.MapMethods("/{chat}/stream", [HttpMethods.Get], tidings.CrossOrigin.Serve(routes.ResumeAsync));
        group.MapMethods("/{chat}/stream", [HttpMethods.Delete], tidings.CrossOrigin.Serve(routes.CancelAsync));
        group.MapMethods("", Preflight, tidings.CrossOrigin.AnswerPreflightAsync).AllowAnonymous();
        group.MapMethods("/{chat}/stream", Preflight, tidings.CrossOrigin.AnswerPreflightAsync).AllowAnonymous();
        return group;
    }
}

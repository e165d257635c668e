using System.Security.Claims;
using Tidings.Rules;

namespace Tidings.AspNetCore.Handlers;

/// <summary>What one run of a handler can be given.</summary>
/// <param name="Peer">Who asks.</param>
/// <param name="Channel">The channel, the method of a call, or the receiver of a direct message.</param>
/// <param name="Data">JSON; empty where there is none.</param>
/// <param name="Services">Services of this run's own scope.</param>
/// <param name="CancellationToken">Fires when its time is over.</param>
internal sealed record HandlerInvocation(ChannelPeer Peer, string Channel, ReadOnlyMemory<byte> Data, IServiceProvider Services, CancellationToken CancellationToken)
{
    /// <summary>What is to be published; null where the handler is not about messages.</summary>
    public PublishRequest? Request { get; init; }

    /// <summary>How a task tells its progress; null where the handler is none.</summary>
    public TaskProgress? Progress { get; init; }

    /// <summary>What a task says besides its state; null where the handler is none.</summary>
    public TaskOutput? Output { get; init; }

    /// <summary>The event that the handler is told; null where it is told none.</summary>
    public ServerEvent? Event { get; init; }

    /// <summary>The user, with claims where the application's authentication gave them. Somebody anonymous is not authenticated, and never null.</summary>
    public ClaimsPrincipal User => PrincipalOf(Peer);

    /// <summary>The same of anybody at the other end.</summary>
    public static ClaimsPrincipal PrincipalOf(ChannelPeer peer) => peer.Principal ?? new ClaimsPrincipal(peer.User is { } id
        ? new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id), new Claim(ClaimTypes.Name, id)], "Tidings")
        : new ClaimsIdentity());
}

/// <summary>A parameter cannot be had from what came: the peer's fault.</summary>
internal sealed class BindingException(IReadOnlyList<Protocol.Commands.FieldFault> faults) : Exception
{
    public BindingException(string field, string message)
        : this([new Protocol.Commands.FieldFault(field, message)])
    {
    }

    public IReadOnlyList<Protocol.Commands.FieldFault> Faults => faults;
}

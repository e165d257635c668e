using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.AspNetCore.Mapping;

/// <summary>A policy of ASP.NET Core's authorization, asked about a user and its resource: the name of a channel, or the receiver of a direct message.</summary>
internal sealed class ChannelPolicy(HandlerRunner runner, string policy)
{
    /// <exception cref="InvalidOperationException">The application did not add ASP.NET Core's authorization.</exception>
    public static ChannelPolicy Find(Edge tidings, string policy)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        if (tidings.Provider.GetService(typeof(IAuthorizationService)) is null)
        {
            throw new InvalidOperationException("Policies need ASP.NET Core's authorization: call builder.Services.AddAuthorization() before builder.Build().");
        }

        tidings.Authentication.KeepsPrincipals = true;
        return new ChannelPolicy(tidings.Handlers, policy);
    }

    public ValueTask<HandlerVerdict> JudgeAsync(ChannelPeer peer, string channel) => runner.RunAsync(async (services, _) =>
    {
        var result = await services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(HandlerInvocation.PrincipalOf(peer), channel, policy);
        return result.Succeeded ? HandlerVerdict.Allow : HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed");
    });
}

/// <summary>Asks a policy about subscriptions, then the application's own handler, where there is one.</summary>
internal sealed class PolicySubscribeHandler(ChannelPolicy policy, ISubscribeHandler? next) : ISubscribeHandler
{
    public async ValueTask<HandlerVerdict> OnSubscribeAsync(ChannelPeer peer, string channel, CancellationToken cancellationToken)
    {
        var verdict = await policy.JudgeAsync(peer, channel);
        return verdict.Refusal is null && next is not null ? await next.OnSubscribeAsync(peer, channel, cancellationToken) : verdict;
    }
}

/// <summary>Asks a policy about messages, then the application's own handler, where there is one.</summary>
internal sealed class PolicyPublishHandler(ChannelPolicy policy, IPublishHandler? next) : IPublishHandler
{
    public async ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, PublishRequest request, CancellationToken cancellationToken)
    {
        var verdict = await policy.JudgeAsync(peer, request.Channel);
        return verdict.Refusal is null && next is not null ? await next.OnPublishAsync(peer, request, cancellationToken) : verdict;
    }
}

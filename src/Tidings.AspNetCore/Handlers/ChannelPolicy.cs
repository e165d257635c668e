using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Channels;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Handlers;

/// <summary>A policy of ASP.NET Core's authorization, asked about a user and the name of a channel, which is its resource.</summary>
internal sealed class ChannelPolicy(HandlerRunner runner, string policy)
{
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
    public async ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, string channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var verdict = await policy.JudgeAsync(peer, channel);
        return verdict.Refusal is null && next is not null ? await next.OnPublishAsync(peer, channel, data, cancellationToken) : verdict;
    }
}

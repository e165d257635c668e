using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Tidings;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Events;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Mapping;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Rules;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The channel protocol's route, and what channels and calls there are behind it.</summary>
public sealed class TidingsBuilder : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder _route;
    private readonly Edge _tidings;
    private bool _sendIsSet;
    private ChannelPolicy? _sendPolicy;
    private IPublishHandler? _sendHandler;

    internal TidingsBuilder(IEndpointConventionBuilder route, Edge tidings)
    {
        _route = route;
        _tidings = tidings;
    }

    /// <summary>Names a kind of channels. Kinds are looked up in the order of their naming, those of the configuration first; the first
    /// whose pattern matches holds. As soon as one is named, clients may publish only where a kind says so.</summary>
    /// <param name="pattern">Which channels: <c>{x}</c> is one or more characters without <c>:</c>, and a value that handlers can take; <c>*</c> is any rest.</param>
    /// <exception cref="ArgumentException">The pattern is malformed.</exception>
    public TidingsChannelBuilder MapChannel(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new TidingsChannelBuilder(_tidings, new ChannelKind(new ChannelPattern(pattern)));
    }

    /// <summary>The same, and says what clients hear in these channels: for the application's AsyncAPI document, and the types that <c>tidings types</c> makes of it.</summary>
    /// <remarks>Nothing is checked against it. Without <see cref="TidingsChannelBuilder.OnPublish"/> it is also what clients publish.</remarks>
    /// <param name="pattern">Which channels: <c>{x}</c> is one or more characters without <c>:</c>, and a value that handlers can take; <c>*</c> is any rest.</param>
    /// <typeparam name="TMessage">What the data of their messages is.</typeparam>
    /// <exception cref="ArgumentException">The pattern is malformed.</exception>
    public TidingsChannelBuilder MapChannel<TMessage>(string pattern)
    {
        var channel = MapChannel(pattern);
        _tidings.Contract.AddChannel(new ChannelContract(pattern, new ContractType(typeof(TMessage)), null));
        return channel;
    }

    /// <summary>Names a method that clients may call; they get what the handler returns.</summary>
    /// <remarks>
    /// The handler's parameters are the members of <c>params</c> by name, or its elements by place where it is an array; a single one of
    /// a composed type is the whole. Besides these it may take services (of a scope of this call's own), the caller's
    /// <see cref="System.Security.Claims.ClaimsPrincipal"/>, a <see cref="Tidings.ChannelCaller"/> and a <see cref="CancellationToken"/>.
    /// </remarks>
    /// <param name="method">The method's name.</param>
    /// <param name="handler">Any delegate, asynchronous or not; it may return <see cref="Tidings.CallResult"/> to refuse.</param>
    /// <exception cref="ArgumentException">There is such a method already, or a parameter has no source.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsBuilder MapCall(string method, Delegate handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(handler);
        var bound = new HandlerDelegate(handler, pattern: null, HandlerData.Parameters, _tidings.Provider, _tidings.HandlerJson);
        _tidings.Authentication.KeepsPrincipals |= bound.WantsPrincipal;
        _tidings.Calls.Add(method, new ApplicationCallHandler(_tidings.Handlers, bound, _tidings.HandlerJson));
        _tidings.Contract.AddCall(method, bound);
        return this;
    }

    /// <summary>Says which clients may send direct messages to users and connections, in the place of <c>Tidings:Send</c>. A token's claim <c>send</c> goes before it.</summary>
    /// <param name="access">Which clients. Without any of these calls: as the options say, by default none.</param>
    public TidingsBuilder AllowSend(ChannelAccess access)
    {
        _sendIsSet = true;
        return SetSend(access);
    }

    /// <summary>Lets those clients send direct messages whom a policy of ASP.NET Core's authorization allows it; the resource that it is asked about is the
    /// receiver, a user's id or a connection's. It goes before <see cref="MapSend"/>.</summary>
    /// <param name="policy">The policy's name.</param>
    /// <exception cref="InvalidOperationException">The application did not call <c>AddAuthorization</c>.</exception>
    public TidingsBuilder AllowSend(string policy)
    {
        _sendPolicy = ChannelPolicy.Find(_tidings, policy);
        return AllowSend(ChannelAccess.Anyone);
    }

    /// <summary>Looks at each direct message of a client before anybody gets it. What the server's own code sends does not pass here.</summary>
    /// <remarks>
    /// Without a call of <c>AllowSend</c> all clients may send, and the handler decides. Its parameters: the message from its JSON; a <see cref="string"/>
    /// named <c>to</c>, the receiver; services, of a scope of this call's own; <see cref="System.Security.Claims.ClaimsPrincipal"/>,
    /// <see cref="ChannelCaller"/>, <see cref="CancellationToken"/>. It runs as the handler of <see cref="TidingsChannelBuilder.OnPublish"/> does.
    /// </remarks>
    /// <param name="handler">Any delegate, asynchronous or not. A value that it returns takes the place of the data; <see cref="PublishResult"/> drops or
    /// refuses; false refuses; nothing, or true, lets the message pass.</param>
    /// <exception cref="ArgumentException">A parameter has no source.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsBuilder MapSend(Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var bound = new HandlerDelegate(handler, pattern: null, HandlerData.Message, _tidings.Provider, _tidings.HandlerJson, subject: "to");
        _tidings.Authentication.KeepsPrincipals |= bound.WantsPrincipal;
        _sendHandler = new ApplicationPublishHandler(_tidings.Handlers, bound, _tidings.HandlerJson);
        return SetSend(_sendIsSet ? _tidings.Node.DirectMessages.Rule.Access : ChannelAccess.Anyone);
    }

    /// <summary>Has code of the application told who came and went, which channels are occupied and what was said (docs/guides/events.md).</summary>
    /// <remarks>
    /// One node calls it, at least once for each event, and in order for each channel and each user: up to four events of others are told meanwhile. What it throws has the
    /// event told again, up to a day; what comes later of the same channel or user waits. Its parameters: a <see cref="ServerEvent"/>; services, of a scope of this
    /// event's own; a <see cref="CancellationToken"/>, which fires after <c>Tidings:HandlerTimeout</c>. Call it before the application starts.
    /// </remarks>
    /// <param name="handler">Any delegate, asynchronous or not.</param>
    /// <param name="types">Which events, as <see cref="ServerEventType"/> names them. Default: all.</param>
    /// <param name="channels">Patterns of the channels whose events are told. Default: all but the server's own, and no messages.</param>
    /// <exception cref="ArgumentException">A parameter has no source, a type is none, or a pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The application has started, or there are too many receivers.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsBuilder OnEvent(Delegate handler, IReadOnlyList<string>? types = null, IReadOnlyList<string>? channels = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var bound = new HandlerDelegate(handler, pattern: null, HandlerData.None, _tidings.Provider, _tidings.HandlerJson);
        var events = _tidings.Node.Events;
        var filter = HandlerTarget.FilterOf(types ?? [], channels ?? []);
        events.Add(HandlerTarget.ReceiverOf(events.Handlers + 1, filter, new HandlerTarget(bound, _tidings.Provider.GetRequiredService<IServiceScopeFactory>(), _tidings.Node.Time, _tidings.Node.Options.HandlerTimeout)));
        return this;
    }

    private TidingsBuilder SetSend(ChannelAccess access)
    {
        _tidings.Node.DirectMessages.Rule = new SendRule(access, _sendPolicy is null ? _sendHandler : new PolicyPublishHandler(_sendPolicy, _sendHandler));
        return this;
    }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => _route.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => _route.Finally(finallyConvention);
}

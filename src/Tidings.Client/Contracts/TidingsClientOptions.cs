using System.Buffers;
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Tidings.Client.Contracts;

namespace Tidings.Client;

/// <summary>How a client connects. Read once, when the client is made.</summary>
public sealed class TidingsClientOptions
{
    // RFC 9110 §5.6.2.
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Connection", "Upgrade", "Transfer-Encoding", "Accept", "Cache-Control");

    /// <summary>
    /// Gives the token that says who comes, or null for nobody. Asked before the first connection, when the token expires and when it was
    /// refused; what it gave is kept in between. Where it throws, the client waits as after a failed connection. Default null: anonymous.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? Token { get; set; }

    /// <summary>The key with which this process reports tasks: the server's <c>Tidings:WorkerKey</c>. Default none, which a server without keys
    /// accepts from its own machine.</summary>
    public string? WorkerKey { get; set; }

    /// <summary>Where tasks are reported. Default <c>api/tasks</c> beside the address of <c>/connect</c>.</summary>
    public Uri? TasksAddress { get; set; }

    /// <summary>How many attempts in a row may fail before the client gives up. Default null: it never does.</summary>
    public int? MaxRetries { get; set; }

    /// <summary>How many commands may wait for a connection or an answer, from 1; beyond it a call fails at once. Default 1,000.</summary>
    public int OutgoingLimit { get; set; } = 1000;

    /// <summary>The most bytes of commands that may wait, from 1. Default 4 MB; one command may always wait.</summary>
    public long OutgoingBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most bytes of one message of the server, from 1. Over it the connection ends with 1009 and the client stays away. Default 4 MB.</summary>
    public int MaxMessageBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a command that was sent may go unanswered; it then fails with the code <c>timeout</c>. A day at most, however much is said. Default 15 s.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What carries the channels, in the order of preference. Default WebSocket, Server-Sent Events, long polling.</summary>
    public IReadOnlyList<ClientTransport> Transports { get; set; } = [ClientTransport.WebSocket, ClientTransport.ServerSentEvents, ClientTransport.LongPolling];

    /// <summary>Whether binary payloads travel as binary frames over a WebSocket, where the server knows them, and not as base64. What messages are is the same. Default false.</summary>
    public bool Binary { get; set; }

    /// <summary>
    /// What requests and handshakes go through: proxies, certificates. Stays the caller's. Default null: one of the client's own. It must not
    /// limit connections to a server below three.
    /// </summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>
    /// Headers of every request and handshake, as <c>Origin</c> where the server asks for one, or what a gateway wants to see. A token goes before an
    /// <c>Authorization</c> that is given here. In a browser handshakes have none of them, and <c>Origin</c> is the browser's. Default none.
    /// </summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where the client logs; tokens and payloads never. Default null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The clock of all waiting. Default the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>What the platform lets it do; another than the present one for tests.</summary>
    internal ClientPlatform Platform { get; set; } = ClientPlatform.Current;

    internal TimeSpan CommandLimit => CommandTimeout < Waits.LongestAnswer ? CommandTimeout : Waits.LongestAnswer;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetries ?? 0, 0, nameof(MaxRetries));
        ArgumentOutOfRangeException.ThrowIfLessThan(OutgoingLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OutgoingBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMessageBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CommandTimeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (WorkerKey is not null && (WorkerKey.Length == 0 || WorkerKey.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            throw new ArgumentException("It has characters that no header can bear.", nameof(WorkerKey));
        }

        foreach (var (name, value) in Headers)
        {
            if (!IsOwn(name) || value is null || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new ArgumentException($"\"{name}\" cannot be given: no name of a header, one of the handshake's own, or a value that no header can bear.", nameof(Headers));
            }
        }

        if (TasksAddress is { } tasks && (!tasks.IsAbsoluteUri || tasks.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException("It must be absolute, with http or https.", nameof(TasksAddress));
        }

        if (Transports.Count == 0 || Transports.Distinct().Count() != Transports.Count)
        {
            throw new ArgumentException("At least one transport, and none twice.", nameof(Transports));
        }
    }

    // Names of a handshake, or of a body, are the client's.
    private static bool IsOwn(string name) =>
        name.Length > 0
        && !name.AsSpan().ContainsAnyExcept(NameCharacters)
        && !name.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        && !Reserved.Contains(name);
}

using Microsoft.Extensions.Logging;

namespace Tidings.Client.Contracts;

/// <summary>What the client logs. Neither tokens nor payloads.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(1, LogLevel.Information, "Connected over {Transport}.")]
    public static partial void Connected(ILogger log, ClientTransport transport);

    [LoggerMessage(2, LogLevel.Information, "Disconnected with {Code} \"{Reason}\"; comes back in {Delay}.")]
    public static partial void Waiting(ILogger log, int code, string reason, TimeSpan delay);

    [LoggerMessage(3, LogLevel.Warning, "Closed with {Code} \"{Reason}\"; stays away.")]
    public static partial void StaysAway(ILogger log, int code, string reason);

    [LoggerMessage(4, LogLevel.Debug, "{Transport} could not be opened: {Code}.")]
    public static partial void NotOpened(ILogger log, ClientTransport transport, int code, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "The token callback failed.")]
    public static partial void TokenFailed(ILogger log, Exception error);

    [LoggerMessage(6, LogLevel.Error, "A handler of the application failed.")]
    public static partial void HandlerFailed(ILogger log, Exception error);

    [LoggerMessage(7, LogLevel.Warning, "The server refused something: {Code} \"{Error}\".")]
    public static partial void ServerError(ILogger log, string? code, string? error);

    [LoggerMessage(10, LogLevel.Error, "The value of {Key} in {Channel} is no {Type}: it is left out of the map.")]
    public static partial void ValueUnreadable(ILogger log, Exception error, string? key, string channel, string type);

    [LoggerMessage(8, LogLevel.Error, "The client failed; it comes back as after a broken connection.")]
    public static partial void Failed(ILogger log, Exception error);

    [LoggerMessage(9, LogLevel.Warning, "The server refused to show a resource: \"{Error}\".")]
    public static partial void FeedRefused(ILogger log, string error);
}

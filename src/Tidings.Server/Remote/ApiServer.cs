using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>A server by its HTTP API, with its key or as a program on the same machine.</summary>
internal sealed partial class ApiServer : IRemoteServer
{
    // What the server gives at most.
    private const int MostMessages = 10_000;
    private const int MostMembers = 10_000;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = 512 * 1024 * 1024 };
    private readonly Uri _url;

    private readonly bool _hasKey;

    /// <param name="url">Where it is, with a slash at the end.</param>
    /// <param name="key">The key that was given, or null.</param>
    /// <param name="madeKey">In its place, the one that a server of the same user has made; or null.</param>
    public ApiServer(Uri url, string? key, string? madeKey)
    {
        (_url, _hasKey) = (url, key is not null);
        if ((key ?? madeKey) is { } shown)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", shown);
        }
    }

    public Task<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions options, CancellationToken cancellationToken) =>
        PublishAsync(channel, json, null, options, cancellationToken);

    public Task<StreamPosition?> PublishBytesAsync(string channel, ReadOnlyMemory<byte> bytes, PublishOptions options, CancellationToken cancellationToken) =>
        PublishAsync(channel, default, bytes, options, cancellationToken);

    private async Task<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> json, ReadOnlyMemory<byte>? bytes, PublishOptions options, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(_url, "api/publish")) { Content = Body(channel, json.Span, bytes, options) }, cancellationToken);
        return answer.TryGetProperty("offset", out _) ? Position(answer) : null;
    }

    public async Task<ChannelHistory> HistoryAsync(string channel, HistoryOptions options, CancellationToken cancellationToken)
    {
        var part = options.Since is { } since ? $"&since={PositionText.Write([(channel, since)])}&limit={MostMessages}"
            : options.Before is { } before ? string.Create(CultureInfo.InvariantCulture, $"&before={PositionText.Write([(channel, before)])}&limit={options.Limit}")
            : options.Last is { } count ? string.Create(CultureInfo.InvariantCulture, $"&last={count}")
            : "";
        var answer = await GetAsync($"api/history?channel={Uri.EscapeDataString(channel)}{part}", cancellationToken);
        var top = Position(answer);
        return new ChannelHistory(
            top,
            answer.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null,
            [.. answer.GetProperty("messages").EnumerateArray().Select(message => Message(channel, top.Epoch, message))]);
    }

    public async Task<ChannelPresence> PresenceAsync(string channel, CancellationToken cancellationToken)
    {
        var answer = await GetAsync($"api/presence?channel={Uri.EscapeDataString(channel)}&limit={MostMembers}", cancellationToken);
        return new ChannelPresence([.. answer.GetProperty("members").EnumerateArray().Select(Member)], answer.GetProperty("count").GetInt32());
    }

    /// <summary>A page of a list over all nodes, as the server API has it.</summary>
    /// <param name="what"><c>channels</c> or <c>connections</c>.</param>
    /// <param name="query">What is asked for: names and values, those that are null left out.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<JsonElement> ListAsync(string what, IEnumerable<(string Name, string? Value)> query, CancellationToken cancellationToken) => GetAsync(
        $"api/{what}?{string.Join('&', query.Where(static part => part.Value is not null).Select(static part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"))}", cancellationToken);

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static ByteArrayContent Body(string channel, ReadOnlySpan<byte> data, ReadOnlyMemory<byte>? bytes, PublishOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            CommandWriter.Publish(writer, channel, data, options, options.IdempotencyKey);
            writer.WriteEndObject();
        }

        var body = bytes is { } payload ? CommandWriter.WithPayload(buffer.WrittenSpan, payload.Span) : buffer.WrittenSpan.ToArray();
        return new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private static StreamPosition Position(JsonElement answer) => new(answer.GetProperty("epoch").GetString()!, answer.GetProperty("offset").GetInt64());

    private static ChannelMessage Message(string channel, string epoch, JsonElement message) => new(channel)
    {
        Position = new StreamPosition(epoch, message.GetProperty("offset").GetInt64()),
        Data = Raw(message, "data"),
        Bytes = message.TryGetProperty("data64", out var encoded) ? encoded.GetBytesFromBase64() : default(ReadOnlyMemory<byte>?),
        Event = Text(message, "event"),
        From = Text(message, "from"),
        Connection = Text(message, "connection"),
        Key = Text(message, "key"),
        IsRemoved = message.TryGetProperty("removed", out _),
        IsKeyRemoval = message.TryGetProperty("remove", out _),
        Time = message.TryGetProperty("time", out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()) : default,
    };

    private static ChannelMember Member(JsonElement member) =>
        new(member.GetProperty("user").GetString()!, member.TryGetProperty("connections", out var connections) ? connections.GetInt32() : 1, Raw(member, "info"))
        {
            Connection = Text(member, "connection"),
            UserInfo = Raw(member, "user_info"),
        };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static byte[] Raw(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? System.Text.Encoding.UTF8.GetBytes(value.GetRawText()) : [];

    private Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(_url, path)), cancellationToken);

    private async Task<JsonElement> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                using var response = await _http.SendAsync(request, cancellationToken);
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                return response.IsSuccessStatusCode ? JsonDocument.Parse(body).RootElement : throw Refused(response.StatusCode, body);
            }
            catch (HttpRequestException error)
            {
                throw new CommandException($"No answer from {_url}: {RemoteFaults.Innermost(error)} Is the server running there? --url names another.");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new CommandException($"No answer from {_url} within {_http.Timeout.TotalSeconds:0} s.");
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw RemoteFaults.NoTidings(_url);
            }
        }
    }

    private CommandException Refused(HttpStatusCode status, byte[] body)
    {
        var detail = RemoteFaults.Detail(body);
        return (status, detail) switch
        {
            (HttpStatusCode.Unauthorized, _) when _hasKey => new CommandException($"{_url} does not accept this API key."),
            (HttpStatusCode.Unauthorized, _) => new CommandException($"{_url} wants to know who asks: give its API key by --api-key or TIDINGS_API_KEY, or a user's token by --token."),
            (_, null) => RemoteFaults.NoTidings(_url),
            _ => new CommandException($"{_url} refused: {detail}"),
        };
    }
}

using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <content>What back ends and handlers are told, and what one connection says and gets, which the dashboard shows too: with the admin key.</content>
internal sealed partial class ApiServer
{
    /// <summary>Who is told of events, and what waits.</summary>
    public async Task<JsonElement> ReceiversAsync(CancellationToken cancellationToken) => await GetAsync("dashboard/data/receivers", cancellationToken);

    /// <summary>Each batch that is told from now on, until the server ends it.</summary>
    public async IAsyncEnumerable<JsonElement> FollowToldAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_url, "dashboard/data/told"));
        using var response = await OpenAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            if (item.EventType == "told")
            {
                yield return JsonElement.Parse(item.Data);
            }
        }
    }

    /// <summary>What a connection says and gets from now on, until the server ends it: names of events, and what they say.</summary>
    public async IAsyncEnumerable<(string Event, JsonElement Data)> FollowConnectionAsync(string connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_url, $"api/connections/{Uri.EscapeDataString(connection)}/frames"));
        using var response = await OpenAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            if (item.Data.Length > 0)
            {
                yield return (item.EventType, JsonElement.Parse(item.Data));
            }
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? response : throw Refused(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (HttpRequestException error)
        {
            throw new CommandException($"No answer from {_url}: {RemoteFaults.Innermost(error)} Is the server running there? --url names another.");
        }
    }
}

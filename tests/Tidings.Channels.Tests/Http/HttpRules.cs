using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.Brokers;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http;

/// <summary>Tests of the channels over HTTP: a server with an open kind of channels, one with presence and one of users alone.</summary>
public abstract class HttpRules
{
    internal static Task<TestServer> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(null, settings);

    internal static Task<TestServer> StartAsync(ManualTime? time, params (string Key, string? Value)[] settings) => TestServer.StartAsync(
        Pump.Streams, time, TestUser.Add,
        [
            ("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:History", "10000"),
            ("Tidings:Channels:1:Pattern", "lobby:*"), ("Tidings:Channels:1:Presence", "true"),
            ("Tidings:Channels:2:Pattern", "short:*"), ("Tidings:Channels:2:History", "2"),
            ("Tidings:Channels:3:Pattern", "users:*"), ("Tidings:Channels:3:Publish", "users"), ("Tidings:Channels:3:Subscribe", "users"),
            .. settings,
        ]);

    /// <summary>Publishes a string that is JSON as it stands.</summary>
    internal static async Task SayAsync(TestServer server, string channel, params IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            await server.Services.Node.Broker.PublishAsync(new Publication(channel, new MessageData(DataKind.Json, Encoding.UTF8.GetBytes(text)))
            {
                Retention = server.Services.Node.Kinds.Find(channel).Retention,
            });
        }
    }

    internal static async Task<JsonElement> PollAsync(TestServer server, string query, string? user = null)
    {
        using var response = await GetAsync(server, "/connect?" + query, user);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    internal static Task<HttpResponseMessage> GetAsync(TestServer server, string url, string? user = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (user is not null)
        {
            request.Headers.Add(TestUser.Header, user);
        }

        return server.Http.SendAsync(request);
    }

    internal static Task<HttpResponseMessage> PostAsync(TestServer server, string json, string? user = null, string type = "application/json")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/connect") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (user is not null)
        {
            request.Headers.Add(TestUser.Header, user);
        }

        return server.Http.SendAsync(request);
    }

    internal static async Task<string> CommandAsync(TestServer server, string json, string? user = null)
    {
        using var response = await PostAsync(server, json, user);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {text}");
        return text;
    }

    /// <summary>Expects an RFC 9457 problem with this status and code.</summary>
    internal static async Task ExpectProblemAsync(HttpResponseMessage response, int status, string code)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode} {text}");
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal(code, JsonDocument.Parse(text).RootElement.GetProperty("code").GetString());
        }
    }

    internal static string PositionOf(JsonElement poll) => poll.GetProperty("position").GetString()!;

    /// <summary>The data of a poll's messages, as they were written.</summary>
    internal static IEnumerable<string> DataOf(JsonElement poll) =>
        poll.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("data").GetRawText());
}

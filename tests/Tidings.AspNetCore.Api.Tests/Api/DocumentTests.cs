using System.Text.Json;
using Tidings.Protocol.Catalog;
using Tidings.Protocol.Commands;
using Tidings.Server;

namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class DocumentTests
{
    [Fact]
    public async Task OpenApi_names_every_route_with_its_body_query_and_answer()
    {
        await using var server = TidingsServer.Build(new() { ["urls"] = "http://127.0.0.1:0" }, static _ => { });
        await server.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(server.Urls.First()) };
        var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement;
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var paths = document.GetProperty("paths");
        Assert.Equal(
            ["/api/batch", "/api/broadcast", "/api/channels", "/api/channels/{channel}", "/api/connections", "/api/connections/{connection}/frames", "/api/disconnect", "/api/drain", "/api/events", "/api/history", "/api/info", "/api/messages", "/api/presence", "/api/publish", "/api/send", "/api/subscribe", "/api/tasks", "/api/tasks/{taskId}", "/api/tasks/{taskId}/events", "/api/tasks/{taskId}/output", "/api/tickets", "/api/unsubscribe", "/api/users/online", "/api/users/{user}"],
            paths.EnumerateObject().Select(path => path.Name).Where(name => name.StartsWith("/api/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal("#/components/schemas/BroadcastRequest", paths.GetProperty("/broadcast").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        foreach (var path in paths.EnumerateObject().Where(path => path.Name.StartsWith("/api/", StringComparison.Ordinal) && !path.Name.StartsWith("/api/tasks", StringComparison.Ordinal) && path.Name is not ("/api/drain" or "/api/tickets" or "/api/connections/{connection}/frames")))
        {
            var isPost = path.Value.TryGetProperty("post", out var operation);
            operation = isPost ? operation : path.Value.GetProperty(path.Name == "/api/users/{user}" ? "delete" : "get");
            Assert.Equal(isPost, operation.TryGetProperty("requestBody", out _));
            Assert.True(operation.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty(path.Name == "/api/events" ? "text/event-stream" : "application/json", out _), path.Name);
            Assert.True(operation.GetProperty("responses").GetProperty("400").GetProperty("content").TryGetProperty("application/problem+json", out _), path.Name);
        }

        Assert.Equal(
            ["channel", "since", "last", "limit", "before"],
            paths.GetProperty("/api/history").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!));
        Assert.Equal(
            ["channel", "since", "wait", "last", "presence", "info"],
            paths.GetProperty("/api/messages").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!));
        Assert.True(paths.GetProperty("/connect").GetProperty("post").TryGetProperty("requestBody", out _));
        Assert.True(paths.GetProperty("/api/tasks").GetProperty("post").GetProperty("responses").TryGetProperty("201", out _));
        Assert.True(paths.GetProperty("/api/connections/{connection}/frames").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("text/event-stream", out _));
        Assert.True(paths.GetProperty("/api/drain").GetProperty("post").GetProperty("responses").TryGetProperty("202", out _));
        var task = paths.GetProperty("/api/tasks/{taskId}");
        Assert.Equal(["delete", "get", "put"], task.EnumerateObject().Select(operation => operation.Name).Order());
        Assert.Equal("#/components/schemas/TaskReportRequest", task.GetProperty("put").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        Assert.All(task.EnumerateObject(), operation => Assert.Equal("path", operation.Value.GetProperty("parameters")[0].GetProperty("in").GetString()));
        await server.StopAsync();
    }

    [Fact]
    public async Task AsyncApi_names_every_message_and_its_references_lead_somewhere()
    {
        await using var app = await TestApp.StartAsync();
        var document = JsonDocument.Parse(await app.Http.GetStringAsync(new Uri("/asyncapi.json", UriKind.Relative))).RootElement;
        Assert.Equal("3.0.0", document.GetProperty("asyncapi").GetString());
        var messages = document.GetProperty("components").GetProperty("messages");
        Assert.Equal(ProtocolCatalog.Commands.Count + ProtocolCatalog.Messages.Count, messages.EnumerateObject().Count());
        foreach (var reference in References(document))
        {
            var target = document;
            foreach (var step in reference.Split('/').Skip(1))
            {
                Assert.True(target.TryGetProperty(step, out target), reference);
            }
        }
    }

    [Fact]
    public void The_catalog_has_the_commands_that_the_reader_knows_with_the_fields_it_needs()
    {
        Assert.Equal(
            Enum.GetValues<CommandType>().Where(type => type is not (CommandType.Unknown or CommandType.Open)).Select(type => type.ToString().ToLowerInvariant()).Order(),
            ProtocolCatalog.Commands.Select(command => command.Type).Order());
        foreach (var command in ProtocolCatalog.Commands)
        {
            var fault = CommandReader.Read(System.Text.Encoding.UTF8.GetBytes($$"""{"type":"{{command.Type}}"}"""), out _);
            var missing = fault?.Details.Select(detail => detail.Field).Order() ?? Enumerable.Empty<string>();
            IEnumerable<string> required = command.Type switch
            {
                "subscribe" => ["channel"],

                // Unless it takes a key out.
                "publish" => ["channel", "data"],
                _ => command.Fields.Where(field => field.Required).Select(field => field.Name).Order(),
            };
            Assert.Equal(required, missing);
        }

        var replies = ProtocolCatalog.Messages.Select(message => message.Type).ToHashSet();
        Assert.All(ProtocolCatalog.Commands.SelectMany(command => command.Replies), reply => Assert.Contains(reply, replies));
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}

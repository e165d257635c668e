using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Messages that are not what the handler expects.</summary>
public sealed class JsonTests
{
    [Theory]
    [InlineData("{", """{"error":"Invalid JSON format"}""")]
    [InlineData("", """{"error":"Invalid JSON format"}""")]
    [InlineData("{} x", """{"error":"Invalid JSON format"}""")]
    [InlineData("null", """{"error":"Invalid message format","details":[{"field":"","message":"The message must not be null."}]}""")]
    [InlineData("[]", """{"error":"Invalid message format","details":[{"field":"","message":"This is not of the type that is expected here."}]}""")]
    [InlineData("""{"room":"a","text":5}""", """{"error":"Invalid message format","details":[{"field":"text","message":"This is not of the type that is expected here."}]}""")]
    [InlineData("""{"text":"hi"}""", """{"error":"Invalid message format","details":[{"field":"room","message":"This member is required."}]}""")]
    [InlineData("""{"room":"a","text":"0123456789"}""", """{"error":"Invalid message format","details":[{"field":"text","message":"At most five."}]}""")]
    [InlineData("""{"room":"a"}""", """{"error":"Invalid message format","details":[{"field":"text","message":"The text field is required."}]}""")]
    [InlineData("""{"room":"a","text":"hi","lines":[{"count":1},{"count":11}]}""", """{"error":"Invalid message format","details":[{"field":"lines[1].count","message":"From 1 to 10."}]}""")]
    [InlineData("""{"room":"forbidden","text":"hi"}""", """{"error":"Invalid message format","details":[{"field":"room","message":"Not there."}]}""")]
    public async Task An_invalid_message_is_answered_and_the_next_one_taken(string message, string answer)
    {
        await using var app = await StartAsync();
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync(message);
        Assert.Equal(answer, await ws.ReceiveTextAsync());
        await ws.SendTextAsync("""{"room":"a","text":"hi"}""");
        Assert.Equal("hi", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Attributes_on_parameters_of_records_count()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await foreach (var command in ws.ReadAllJsonAsync<Command>())
            {
                await ws.SendTextAsync(command.Name);
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("""{"name":""}""");
        Assert.Equal("""{"error":"Invalid message format","details":[{"field":"name","message":"The name field is required."}]}""", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_generated_contract_has_the_same_rules()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", async ws =>
        {
            await foreach (var command in ws.ReadAllJsonAsync(CommandJson.Default.Command))
            {
                await ws.SendTextAsync(command.Name);
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("""{"name":""}""");
        Assert.Contains("\"field\":\"name\"", await ws.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_number_of_invalid_messages_is_borne()
    {
        await using var app = await StartAsync();
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 100; i++)
        {
            await ws.SendTextAsync("{");
            Assert.Equal("""{"error":"Invalid JSON format"}""", await ws.ReceiveTextAsync());
        }
    }

    [Fact]
    public async Task A_route_may_end_after_so_many_in_a_row()
    {
        await using var app = await StartAsync(limits => limits.InvalidMessages = 2);
        await using var ws = await app.ConnectAsync();
        foreach (var message in new[] { "{", "{", """{"room":"a","text":"hi"}""", "{", "{" })
        {
            await ws.SendTextAsync(message);
            Assert.Equal(message.Length == 1 ? """{"error":"Invalid JSON format"}""" : "hi", await ws.ReceiveTextAsync());
        }

        await ws.SendTextAsync("{");
        Assert.Equal("Invalid message", await ws.ExpectCloseAsync(1003));
    }

    [Fact]
    public async Task A_message_of_the_other_kind_is_answered()
    {
        await using var app = await StartAsync();
        await using var ws = await app.ConnectAsync();
        await ws.SendBytesAsync(new byte[1]);
        Assert.Equal("""{"error":"Invalid message format","details":[{"field":"","message":"A text message is expected."}]}""", await ws.ReceiveTextAsync());
    }

    private static Task<EndpointApp> StartAsync(Action<EndpointLimits>? limits = null) =>
        EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            while (await ws.ReceiveJsonAsync<Chat>() is { } chat)
            {
                await ws.SendTextAsync(chat.Text);
            }
        }).WithLimits(limits ?? (_ => { })));

    public sealed class Chat : IValidatableObject
    {
        public required string Room { get; init; }

        [Required]
        [StringLength(5, ErrorMessage = "At most five.")]
        public string Text { get; init; } = null!;

        public List<Item>? Lines { get; init; }

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Room == "forbidden")
            {
                yield return new ValidationResult("Not there.", [nameof(Room)]);
            }
        }
    }

    public sealed class Item
    {
        [Range(1, 10, ErrorMessage = "From 1 to 10.")]
        public int Count { get; init; }
    }
}

public sealed record Command([Required] string Name);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Command))]
internal sealed partial class CommandJson : JsonSerializerContext;

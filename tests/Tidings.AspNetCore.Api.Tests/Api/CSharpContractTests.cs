using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.AspNetCore.Contract;
using Tidings.Client;

namespace Tidings.AspNetCore.Api.Tests.Api;

/// <summary>What an application declares becomes a client in C#, which compiles, and says and hears what the application does.</summary>
public sealed class CSharpContractTests
{
    private const string Use = """
        using Tidings.Client;
        using TidingsApp;
        public static class Use
        {
            public static async Task RunAsync(App app)
            {
                await app.Channels.Chat("lobby").PublishAsync(new NewLine { Text = "Hello" });
                await foreach (var line in app.Channels.Chat("lobby").MessagesAsync()) { string text = line.Value!.Text; }
                int sum = await app.Calls.SumAsync(1, b: 2);
                Line? newest = await app.Calls.NewestAsync();
            }
        }
        """;

    [Fact]
    public async Task What_has_another_name_in_the_application_compiles_no_more()
    {
        var file = await FileOfAsync(static tidings => tidings
            .MapCall("sum", (int a, int b) => a + b).MapCall("newest", Line? () => null).MapChannel("chat:{room}").OnPublish((NewLine line) => new Line(line.Text, null, default)));
        Assert.Empty(new CompiledClient(file, Use).Errors);

        var renamed = await FileOfAsync(static tidings => tidings
            .MapCall("sum", (int a, int c) => a + c).MapCall("latest", Renamed.Line? () => null).MapChannel("chat:{room}").OnPublish((Renamed.NewLine line) => new Renamed.Line(line.Words)));
        var errors = new CompiledClient(renamed, Use).Errors;
        Assert.Contains(errors, static error => error.Contains("CS1061", StringComparison.Ordinal) && error.Contains("'Text'", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("CS0117", StringComparison.Ordinal) && error.Contains("'Text'", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("CS1739", StringComparison.Ordinal) && error.Contains("'b'", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Contains("CS1061", StringComparison.Ordinal) && error.Contains("'NewestAsync'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_kind_of_type_is_read_and_written_as_the_application_does_it()
    {
        object[] values =
        [
            new Odd("a", 1, true, State.Paid, null, DayOfWeek.Monday, new DateOnly(2026, 1, 2), new TimeOnly(3, 4), TimeSpan.FromDays(1.5), [1, 2], Guid.NewGuid(), null, 0.1m, 1e300, long.MaxValue, new Uri("http://a/"), 'x'),
            new Page<Order>([new Order(1, "pen")], null),
            new Node(1, new Node(2, null, []), [new Node(3, null, [])]),
            new Drawing(new Circle(1.5) { Inside = new Square(2) }, [null, new Square(3)], new Dictionary<string, Shape?> { ["a b"] = new Circle(4) }),
            new Keywords("a", "b", "c", 1, "d"),
            new Empty(),
        ];
        var file = await FileOfAsync(static tidings =>
        {
            tidings.MapChannel<Odd>("odd");
            tidings.MapChannel<Page<Order>>("pages");
            tidings.MapChannel<Node>("tree");
            tidings.MapChannel<Drawing>("drawings:{a}:{class}:*");
            tidings.MapChannel<Keywords>("keywords");
            tidings.MapChannel<Empty>("empty");
            tidings.MapChannel<List<int?[]>>("lists:*");
            tidings.MapChannel<Forest>("forests");
            tidings.MapChannel<JsonElement>("anything");
        });
        var client = new CompiledClient(file);
        Assert.True(client.Errors.Count == 0, string.Join('\n', client.Errors) + file);
        var program = client.Load();
        var json = program.GetType("TidingsApp.AppJson")!;
        var context = (JsonSerializerContext)json.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        foreach (var value in values)
        {
            var type = context.GetTypeInfo(program.GetType("TidingsApp." + (value is Page<Order> ? "PageOfOrder" : value.GetType().Name))!)!;
            var written = JsonSerializer.Serialize(value, JsonSerializerOptions.Web);
            var again = JsonSerializer.Serialize(JsonSerializer.Deserialize(written, type), type);
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(written).RootElement, JsonDocument.Parse(again).RootElement), $"{written}\n{again}");
        }
    }

    [Fact]
    public async Task Two_that_would_have_one_name_have_two_and_of_one_pattern_there_is_one()
    {
        var file = await FileOfAsync(static tidings => tidings
            .MapCall("a-b", () => 1).MapCall("a.b", () => 2).MapCall("equals", () => 3).MapCall("1", (string cancellationToken, int @class = 1) => { })
            .MapCall("whole", (NewLine line) => line).MapCall("named", () => new { Text = "" }).MapCall("app calls", (Order appCallsParameters, State? state, string[]? texts = null) => texts)
            .MapCall("unknown", object? () => null)
            .MapChannel<Line>("chat:{room}"));
        var more = await FileOfAsync(static tidings =>
        {
            tidings.MapChannel<Line>("chat:{room}");
            tidings.MapChannel<Order>("chat:{room}");
            tidings.MapChannel<Line>("chat:{room}:{user}");
            tidings.MapChannel<Line>("log:*");
            tidings.MapChannel<Order>("log:{name}:errors");
            tidings.MapChannel<Line>("{tenant}");
        });
        Assert.Empty(new CompiledClient(file).Errors);
        Assert.Empty(new CompiledClient(more).Errors);
        Assert.Contains("TypedChannel<Order, Order> Chat(string room)", more, StringComparison.Ordinal);
        Assert.Contains("Chat2(string room, string user)", more, StringComparison.Ordinal);
        Assert.Contains("Log(string rest)", more, StringComparison.Ordinal);
        Assert.Contains("Channel(string tenant)", more, StringComparison.Ordinal);
        Assert.DoesNotContain("errors", more, StringComparison.Ordinal);
        foreach (var method in new[] { "ABAsync(", "AB2Async(", "EqualsAsync(", "_1Async(string cancellationToken2, int? @class = null, " })
        {
            Assert.Contains(method, file, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Calls_and_channels_reach_the_application()
    {
        var program = new CompiledClient(await FileOfAsync(Declare), """
            using Tidings.Client;
            using TidingsApp;
            public static class Use
            {
                public static async Task<string> RunAsync(TidingsClient client)
                {
                    var app = new App(client);
                    var lobby = app.Channels.Chat("lobby");
                    await lobby.PublishAsync(new NewLine { Text = "Hello" });
                    await using var lines = lobby.MessagesAsync(new SubscribeOptions { Last = 1 }).GetAsyncEnumerator();
                    await lines.MoveNextAsync();
                    await app.Calls.NothingAsync();
                    return $"{lines.Current.Value!.Text} {await app.Calls.SumAsync(1, 2)} {await app.Calls.SumAsync(1)} {(await app.Calls.EchoAsync(new NewLine { Text = "a" })).Text} {await app.Calls.LastAsync() is null}";
                }
            }
            """).Load();
        await using var app = await TestApp.StartAsync(Declare);
        await using var client = new TidingsClient(new Uri(app.Url, "connect"));
        var run = (Task<string>)program.GetType("Use")!.GetMethod("RunAsync")!.Invoke(null, [client])!;
        Assert.Equal("Hello 3 11 a True", await run.WaitAsync(Eventually.Limit));

        static void Declare(TidingsBuilder tidings) => tidings
            .MapCall("sum", (int a, int b = 10) => a + b).MapCall("echo", (NewLine line) => line).MapCall("last", Line? () => null).MapCall("nothing", () => { })
            .MapChannel("chat:{room}").WithHistory(1).OnPublish((NewLine line) => new Line(line.Text, null, default));
    }

    [Fact]
    public void What_a_document_says_cannot_leave_its_place_in_the_file()
    {
        var file = CSharpFile.Write(JsonDocument.Parse("""
            {"components":{"schemas":{"EVIL":{"type":"object","properties":{"EVIL":{"enum":["EVIL","x"],"title":"EVIL"},"y":{"$ref":"#/components/schemas/EVIL"},
              "z":{"oneOf":[{"type":"object","properties":{"k":{"const":"EVIL"}}},{"type":"object","properties":{"k":{"const":"b"}}}]}}},
              "Loop":{"type":"array","items":{"$ref":"#/components/schemas/Loop"}}}},
             "x-tidings":{"channels":[{"pattern":"a:{b};EVIL","message":true},{"pattern":"a;b","message":{"$ref":"#/components/schemas/Loop"}}],
               "calls":{"EVIL":{"params":[{"name":"EVIL","required":true,"schema":{"$ref":"#/components/schemas/EVIL"}}],"whole":false}},
               "tasks":{"EVIL":{}},"resources":{"EVIL":{}}}}
            """.Replace("EVIL", @"\""; } } evil(); /*\u2028\n*/ {", StringComparison.Ordinal)).RootElement);
        Assert.Empty(new CompiledClient(file).Errors);
        Assert.DoesNotContain("evil();", file.Replace("\\u0022; } } evil();", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.")]
    [InlineData("1a")]
    [InlineData("a; class B {}")]
    [InlineData("Shop.class")]
    public void A_namespace_that_is_none_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => CSharpFile.Write(JsonDocument.Parse("""{"x-tidings":{}}""").RootElement, name));

    [Fact]
    public void Values_of_a_pattern_stay_within_it()
    {
        Assert.Equal("lobby", TypedChannel.Value("lobby"));
        Assert.Throws<ArgumentException>("room", () => TypedChannel.Value("a:b", "room"));
        Assert.Throws<ArgumentException>("room", () => TypedChannel.Value("", "room"));
    }

    private static async Task<string> FileOfAsync(Action<TidingsBuilder> map)
    {
        await using var app = await TestApp.StartAsync(map);
        return CSharpFile.Write(JsonDocument.Parse(await app.Http.GetStringAsync(new Uri("/asyncapi.json", UriKind.Relative))).RootElement);
    }

    private sealed record Line(string Text, string? From, DateTimeOffset At);

    private sealed record NewLine(string Text);

    private static class Renamed
    {
        public sealed record Line(string Words);

        public sealed record NewLine(string Words);
    }

    private sealed record Order(int Id, string Article);

    private sealed record Page<T>(IReadOnlyList<T> Items, int? After);

    private sealed record Node(int Value, Node? Next, Node[] Children);

    private sealed class Forest : List<Forest>;

    private sealed record Empty;

    private sealed record Keywords(string Class, [property: JsonPropertyName("equals")] string Same, [property: JsonPropertyName("a-b")] string First, [property: JsonPropertyName("a.b")] int Second, [property: JsonPropertyName("keywords")] string Own);

    private sealed record Drawing(Shape Main, IReadOnlyList<Shape?> All, IReadOnlyDictionary<string, Shape?> Named);

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
    [JsonDerivedType(typeof(Circle), "circle")]
    [JsonDerivedType(typeof(Square), "square")]
    private abstract record Shape
    {
        public Shape? Inside { get; init; }
    }

    private sealed record Circle(double Radius) : Shape;

    private sealed record Square(double Side) : Shape;

    private sealed record Odd(
        [property: JsonPropertyName("my-name")] string Name,
        [property: JsonPropertyName("1st")] int First,
        [property: JsonPropertyName("it's")] bool Its,
        State State,
        State? Other,
        DayOfWeek Level,
        DateOnly Day,
        TimeOnly Hour,
        TimeSpan Took,
        byte[] Bytes,
        Guid Id,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Maybe,
        decimal Price,
        double Größe,
        long Long,
        Uri Link,
        char Letter);

    [JsonConverter(typeof(JsonStringEnumConverter<State>))]
    private enum State
    {
        [JsonStringEnumMemberName("open")]
        Open,
        [JsonStringEnumMemberName("paid")]
        Paid,
    }
}

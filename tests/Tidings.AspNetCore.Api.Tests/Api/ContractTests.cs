using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.AspNetCore.Contract;

namespace Tidings.AspNetCore.Api.Tests.Api;

/// <summary>What an application declares stands in its AsyncAPI document, and becomes TypeScript.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Channels_have_what_is_heard_and_what_is_said()
    {
        var types = await TypesOfAsync(tidings =>
        {
            tidings.MapChannel<Line>("chat:{room}");
            tidings.MapChannel("orders:{id}").OnPublish((NewOrder order) => new Order(1, order.Article));
            tidings.MapChannel("guarded:{id}").OnPublish(PublishResult<Line> (Line line) => line);
            tidings.MapChannel<Line>("news").OnPublish((NewOrder order) => PublishResult.Drop);
            tidings.MapChannel("untyped:*").AllowPublish();
        });
        AssertHas("'chat:{room}': Line;", types);
        AssertHas("'orders:{id}': Exchange<Order, NewOrder>;", types);
        AssertHas("'guarded:{id}': Line;", types);
        AssertHas("'news': Exchange<Line, NewOrder>;", types);
        Assert.DoesNotContain("untyped", types, StringComparison.Ordinal);
        AssertHas("export interface Line {\n  text: string;\n  from: string | null;\n  at: string;\n}", types);
        AssertHas("export interface NewOrder {\n  article: string;\n  count?: number;\n}", types);
    }

    [Fact]
    public async Task Of_two_kinds_with_one_pattern_the_last_holds_and_of_kinds_that_overlap_the_first()
    {
        var types = await TypesOfAsync(static tidings =>
        {
            tidings.MapChannel<Line>("chat:{room}");
            tidings.MapChannel<Order>("chat:{room}");
            tidings.MapChannel<Line>("log:*");
            tidings.MapChannel<Order>("log:{name}:errors");
            tidings.MapChannel<Order>("a:{x}:b");
            tidings.MapChannel<Line>("a:{y}");
        });
        AssertHas("'chat:{room}': Order;", types);
        AssertHas("'log:*': Line;", types);
        Assert.DoesNotContain("errors", types, StringComparison.Ordinal);
        AssertHas("'a:{x}:b': Order;", types);
        AssertHas("'a:{y}': Line;", types);
    }

    [Fact]
    public async Task Methods_have_their_parameters_and_what_they_return()
    {
        var types = await TypesOfAsync(static tidings => tidings
            .MapCall("sum", (int a, int b) => a + b)
            .MapCall("later", async Task<Line?> (string? name = null) => await Task.FromResult<Line?>(null))
            .MapCall("order", CallResult<Order> (NewOrder order, ChannelCaller caller, CancellationToken cancellationToken) => CallResult.Refuse("no"))
            .MapCall("no-such identifier's", (string @class, double function) => CallResult.Answer(null))
            .MapCall("both", (NewOrder order, int count = 1) => { })
            .MapCall("range", (int from = 0, int? to = null) => new[] { new Line("", null, default) })
            .MapCall("now", () => DateTimeOffset.UnixEpoch));
        AssertHas("    sum(a: number, b: number): number;\n", types);
        AssertHas("    later(name?: string | null): Line | null;\n", types);
        AssertHas("    order(order: NewOrder): Order;\n", types);
        AssertHas("    'no-such identifier\\'s'(class_: string, function_: number): any;\n", types);
        AssertHas("    both(order: NewOrder, count: number | undefined): null;\n", types);
        AssertHas("    range(from?: number, to?: number | null): Line[];\n", types);
        AssertHas("    now(): string;\n", types);
    }

    [Fact]
    public async Task Recursive_generic_nested_and_polymorphic_types_have_names_where_there_are_some()
    {
        var types = await TypesOfAsync(static tidings =>
        {
            tidings.MapChannel<Node>("tree");
            tidings.MapChannel<Page<Order>>("pages");
            tidings.MapChannel<Shape>("shapes");
            tidings.MapChannel<List<Shape?>>("lists");
            tidings.MapChannel<Dictionary<string, Node>>("maps");
            tidings.MapChannel<Other.Order>("others");
            tidings.MapChannel<Forest>("forests");
            tidings.MapChannel<string[]>("texts");
            tidings.MapChannel<JsonElement>("anything");
        });
        AssertHas("export interface Node {\n  value: number;\n  next: Node | null;\n  children: Node[];\n}", types);
        AssertHas("export interface PageOfOrder {\n  items: Order[];\n  after: number | null;\n}", types);
        AssertHas("export type Shape = ", types);
        AssertHas("{ kind: 'circle'; radius: number;", types);
        AssertHas("inside: Shape | null;", types);
        AssertHas("'maps': Record<string, Node>;", types);
        AssertHas("'others': Order2;", types);
        AssertHas("'forests': unknown[][];", types);
        AssertHas("'texts': string[];", types);
        AssertHas("'anything': unknown;", types);
    }

    [Fact]
    public async Task Enums_dates_and_names_that_are_no_identifiers_are_as_they_are_in_JSON()
    {
        var types = await TypesOfAsync(static tidings =>
        {
            tidings.MapChannel<Odd>("odd");
            tidings.MapChannel<Record>("record");
        });
        AssertHas("export interface Odd {\n  'my-name': string;\n  '1st': number;\n  'it\\'s': boolean;\n  state: 'open' | 'paid';\n  level: number;\n  day: string;\n  took: string;\n  bytes: string;\n  id: string;\n  maybe?: string | null;\n}", types);
        AssertHas("export interface Record_ {\n  größe: number;\n}", types);
        AssertHas("'record': Record_;", types);
    }

    [Fact]
    public async Task What_is_heard_and_said_in_different_forms_has_two_names()
    {
        var types = await TypesOfAsync(static tidings => tidings.MapCall("save", (Settings settings) => settings));
        AssertHas("save(settings: SettingsInput): Settings;", types);
        AssertHas("export interface Settings {\n  dark: boolean;\n  inner: Inner;\n}", types);
        AssertHas("export interface SettingsInput {\n  dark?: boolean;\n  inner?: Inner;\n}", types);
        Assert.DoesNotContain("InnerInput", types, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_has_channels_as_AsyncAPI_has_them_and_its_references_lead_somewhere()
    {
        await using var app = await TestApp.StartAsync(static tidings => tidings.MapChannel("a/b~{id}").OnPublish((NewOrder order) => new Order(1, order.Article)));
        var document = JsonDocument.Parse(await app.Http.GetStringAsync(new Uri("/asyncapi.json", UriKind.Relative))).RootElement;
        var channel = document.GetProperty("channels").GetProperty("channel1");
        Assert.Equal("a/b~{id}", channel.GetProperty("address").GetString());
        Assert.Equal("#/components/schemas/Order", channel.GetProperty("messages").GetProperty("message").GetProperty("payload").GetProperty("$ref").GetString());
        Assert.Equal("receive", document.GetProperty("operations").GetProperty("channel1.publish").GetProperty("action").GetString());
        foreach (var reference in References(document))
        {
            var target = document;
            Assert.All(reference.Split('/').Skip(1), step => Assert.True(target.TryGetProperty(step, out target), reference));
        }
    }

    [Theory]
    [InlineData("""{"asyncapi":"3.0.0"}""")]
    [InlineData("[]")]
    [InlineData("""{"x-tidings":7}""")]
    [InlineData("""{"x-tidings":{"channels":[{}]}}""")]
    [InlineData("""{"x-tidings":{"channels":{}}}""")]
    [InlineData("""{"x-tidings":{"calls":{"a":{}}}}""")]
    public void A_document_of_something_else_is_refused_in_words(string json) =>
        Assert.Throws<FormatException>(() => TypeScriptFile.Write(JsonDocument.Parse(json).RootElement));

    [Fact]
    public void What_a_document_says_cannot_leave_its_place_in_the_file()
    {
        var types = TypeScriptFile.Write(JsonDocument.Parse("""
            {"components":{"schemas":{"a}; evil(); {":{"type":"object","properties":{"x': any }; evil(); ":{"const":"'\n\\"},"y":{"$ref":"#/components/schemas/a}; evil(); {"}}}}},
             "x-tidings":{"calls":{"f(); evil":{"params":[{"name":"a: any); evil(","required":true,"schema":{"enum":["'","\u2028"]}}],"whole":false}}}}
            """).RootElement);
        AssertHas("export interface a___evil_____ {", types);
        AssertHas(@"'x\': any }; evil(); '?: '\'\n\\';", types);
        AssertHas(@"'f(); evil'(a__any___evil_: '\'' | '\u2028'): any;", types);
    }

    private static void AssertHas(string expected, string types) => Assert.True(types.Contains(expected, StringComparison.Ordinal), $"{expected}\nis not in\n{types}");

    private static async Task<string> TypesOfAsync(Action<TidingsBuilder> map)
    {
        await using var app = await TestApp.StartAsync(map);
        return TypeScriptFile.Write(JsonDocument.Parse(await app.Http.GetStringAsync(new Uri("/asyncapi.json", UriKind.Relative))).RootElement);
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private sealed record Line(string Text, string? From, DateTimeOffset At);

    private sealed record NewOrder(string Article, int Count = 1);

    private sealed record Order(int Id, string Article);

    private sealed record Page<T>(IReadOnlyList<T> Items, int? After);

    private sealed record Node(int Value, Node? Next, Node[] Children);

    private sealed class Forest : List<Forest>;

    private sealed record Inner(string Name);

    private sealed class Settings
    {
        public bool Dark { get; set; }
        public Inner Inner { get; set; } = new("");
    }

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
    [JsonDerivedType(typeof(Circle), "circle")]
    [JsonDerivedType(typeof(Square), "square")]
    private abstract record Shape
    {
        public Shape? Inside { get; init; }
    }

    private sealed record Circle(double Radius) : Shape;

    private sealed record Square(double Side) : Shape;

    [Description("Names and types that TypeScript does not have.")]
    private sealed record Odd(
        [property: JsonPropertyName("my-name")] string Name,
        [property: JsonPropertyName("1st")] int First,
        [property: JsonPropertyName("it's")] bool Its,
        State State,
        DayOfWeek Level,
        DateOnly Day,
        TimeSpan Took,
        byte[] Bytes,
        Guid Id,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Maybe);

    private sealed record Record(int Größe);

    [JsonConverter(typeof(JsonStringEnumConverter<State>))]
    private enum State
    {
        [JsonStringEnumMemberName("open")]
        Open,
        [JsonStringEnumMemberName("paid")]
        Paid,
    }

    private static class Other
    {
        public sealed record Order(bool Is);
    }
}

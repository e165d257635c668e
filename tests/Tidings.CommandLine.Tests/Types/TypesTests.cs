using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Types;

/// <summary><c>tidings types</c>: of a document by its address or as a file, and what it says of what is none.</summary>
public sealed class TypesTests : IDisposable
{
    private const string Document = """
        {"asyncapi":"3.0.0","components":{"schemas":{"Line":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}}},
         "x-tidings":{"channels":[{"pattern":"chat:{room}","message":{"$ref":"#/components/schemas/Line"},"publish":{"$ref":"#/components/schemas/Line"}}],
                      "calls":{"sum":{"params":[{"name":"a","required":true,"schema":{"type":"integer"}}],"whole":false,"result":{"type":"integer"}}}}}
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tidings types ");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_file_becomes_types_on_standard_output_or_in_a_file()
    {
        var source = await WriteAsync(Document);
        var types = (await Tool.RunAsync("types", source)).Succeeds().Text;
        Assert.Contains("export interface Line {\n  text: string;\n}", types, StringComparison.Ordinal);
        Assert.Contains("'chat:{room}': Line;", types, StringComparison.Ordinal);
        Assert.Contains("sum(a: number): number;", types, StringComparison.Ordinal);
        Assert.Contains("interface Register extends App {}", types, StringComparison.Ordinal);

        var target = Path.Combine(_directory.FullName, "app types.d.ts");
        Assert.Equal(0, (await Tool.RunAsync("types", source, "-o", target)).Code);
        Assert.Equal(types.TrimEnd(), (await File.ReadAllTextAsync(target)).TrimEnd());
        Assert.DoesNotContain("Register", (await Tool.RunAsync("types", source, "--unregistered")).Succeeds().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_becomes_CSharp_by_the_option_or_by_the_name_of_the_file_that_is_written()
    {
        var source = await WriteAsync(Document);
        var types = (await Tool.RunAsync("types", source, "--csharp")).Succeeds().Text;
        Assert.Contains("namespace TidingsApp;", types, StringComparison.Ordinal);
        Assert.Contains("public sealed class App(global::Tidings.Client.TidingsClient client)", types, StringComparison.Ordinal);
        Assert.Contains("public global::Tidings.Client.TypedChannel<Line, Line> Chat(string room) =>", types, StringComparison.Ordinal);
        Assert.Contains("SumAsync(long a, ", types, StringComparison.Ordinal);
        Assert.Contains("[global::System.Text.Json.Serialization.JsonPropertyName(\"text\")]\n    public required string Text { get; init; }", types, StringComparison.Ordinal);
        Assert.DoesNotContain("interface", types, StringComparison.Ordinal);
        Assert.Equal(types.TrimEnd(), (await Tool.RunAsync("types", source, "--csharp", "--json")).Succeeds().Json.GetProperty("types").GetString()!.TrimEnd());

        var target = Path.Combine(_directory.FullName, "App Types.CS");
        Assert.Equal(0, (await Tool.RunAsync("types", source, "-o", target, "--namespace", "Our.App")).Code);
        Assert.Equal(types.Replace("namespace TidingsApp;", "namespace Our.App;", StringComparison.Ordinal).TrimEnd(), (await File.ReadAllTextAsync(target)).TrimEnd());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("Our App")]
    [InlineData("a..b")]
    public async Task What_is_no_namespace_is_told_in_a_sentence(string name)
    {
        var told = (await Tool.RunAsync("types", await WriteAsync(Document), "--csharp", "--namespace", name)).Fails(1, $"\"{name}\" is no name of a namespace.");
        Assert.EndsWith("is no name of a namespace.", told.Errors.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_server_is_asked()
    {
        await using var server = await LocalServer.StartAsync();
        var types = (await Tool.RunAsync("types", $"{server.Url.TrimEnd('/')}/asyncapi.json")).Succeeds().Text;
        Assert.Contains("export interface App {", types, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON", "is no JSON")]
    [InlineData("""{"asyncapi":"3.0.0"}""", "x-tidings")]
    public async Task What_is_no_document_is_told_in_a_sentence(string content, string expected)
    {
        var told = (await Tool.RunAsync("types", await WriteAsync(content))).Fails(1, expected);
        Assert.Single(told.Errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("no/such/file.json")]
    [InlineData("http://127.0.0.1:1/asyncapi.json")]
    public async Task What_cannot_be_read_is_told_in_a_sentence(string source)
    {
        var told = (await Tool.RunAsync("types", source)).Fails(1, $"{source} cannot be read: ");
        Assert.Single(told.Errors.TrimEnd().Split('\n'));
    }

    private async Task<string> WriteAsync(string content)
    {
        var path = Path.Combine(_directory.FullName, "document.json");
        await File.WriteAllTextAsync(path, content);
        return path;
    }
}

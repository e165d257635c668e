using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Remote;

/// <summary><c>tidings publish</c>, <c>history</c> and <c>presence</c>.</summary>
public sealed class PublishTests
{
    private const string Key = "a key of the tests, long enough";
    private const string Secret = "a secret of the tests, 32 bytes or more";

    [Theory]
    [InlineData("""{"a": [1, null]}""", """{"a": [1, null]}""")]
    [InlineData("42", "42")]
    [InlineData("true", "true")]
    [InlineData("\"quoted\"", "\"quoted\"")]
    [InlineData("hello", "\"hello\"")]
    [InlineData("1 2", "\"1 2\"")]
    [InlineData("", "\"\"")]
    [InlineData("中文", "\"中文\"")]
    public async Task JSON_stays_JSON_and_other_text_is_a_string(string typed, string kept)
    {
        await using var server = await LocalServer.StartAsync();
        Assert.EndsWith(":1\n", (await server.RunAsync("publish", "chat:a", typed)).Succeeds().Text, StringComparison.Ordinal);
        var history = (await server.RunAsync("history", "chat:a")).Succeeds().Text.TrimEnd('\n').Split('\t');
        Assert.Equal(5, history.Length);
        Assert.Equal("chat:a", history[1]);
        Assert.Equal(kept, System.Text.RegularExpressions.Regex.Unescape(history[4]));
    }

    [Theory]
    [InlineData("""{"a":1""")]
    [InlineData("[1,2")]
    [InlineData(" {a:1}")]
    public async Task What_looks_like_JSON_and_is_none_is_a_mistake_but_can_be_sent_as_text(string typed)
    {
        await using var server = await LocalServer.StartAsync();
        (await server.RunAsync("publish", "chat:a", typed)).Fails(2, "--text");
        (await server.RunAsync("publish", "chat:a", typed, "--text")).Succeeds();
        Assert.Equal(typed, (await server.RunAsync("history", "chat:a", "--json")).Succeeds().Json.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Standard_input_is_read_to_its_end()
    {
        await using var server = await LocalServer.StartAsync();
        await using var tool = Tool.Start(["publish", "chat:a", "-", "--json", "--url", server.Url]);
        var published = (await tool.EndAsync("two\nlines\n")).Succeeds().Json;
        Assert.Equal(["channel", "epoch", "offset"], published.EnumerateObject().Select(static field => field.Name));
        Assert.Equal("two\nlines", (await server.RunAsync("history", "chat:a", "--json")).Succeeds().Json.GetProperty("data").GetString());
    }

    [Fact]
    public async Task A_file_is_published_as_the_bytes_that_it_has()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        var path = Path.GetTempFileName();
        try
        {
            byte[] bytes = [0xFF, 0x0A, 0x00];
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            var token = await TokenAsync("ada");
            await using var listener = Tool.Start(["subscribe", "chat:a", "--json", "--url", server.Url, "--token", token]);
            await listener.JsonAsync();
            (await server.RunAsync("publish", "chat:a", "--file", path, "--event", "e")).Succeeds();
            (await server.RunAsync("publish", "chat:a", "--file", path, "--token", token)).Succeeds();
            Assert.Equal("/woA", (await listener.JsonAsync()).GetProperty("data64").GetString());
            Assert.Equal("ada", (await listener.JsonAsync()).GetProperty("from").GetString());
            Assert.EndsWith("\tada\t(3 bytes)\n", (await server.RunAsync("history", "chat:a")).Succeeds().Text, StringComparison.Ordinal);
            Assert.Equal("/woA", (await server.RunAsync("history", "chat:a", "--json", "--last", "1")).Succeeds().Json.GetProperty("data64").GetString());
            (await server.RunAsync("publish", "chat:a", "x", "--file", path)).Fails(2, "one of the two");
            (await server.RunAsync("publish", "chat:a", "--text", "--file", path)).Fails(2, "--text does not go with --file");
            (await server.RunAsync("publish", "chat:a", "--file", path + ".not")).Fails(2, "cannot be read");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_key_that_was_taken_out_is_told_as_such()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Channels:0:Pattern", "board:*"), ("Tidings:Channels:0:State", "true"));
        using var http = server.OpenApi();
        foreach (var body in new[] { """{"channel":"board:a","key":"k","data":1}""", """{"channel":"board:a","key":"k","remove":true}""" })
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            (await http.PostAsync(new Uri(server.Url + "/api/publish"), content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }

        Assert.EndsWith("(key k taken out)\n", (await server.RunAsync("history", "board:a")).Succeeds().Text, StringComparison.Ordinal);
        Assert.True((await server.RunAsync("history", "board:a", "--json", "--last", "1")).Succeeds().Json.GetProperty("remove").GetBoolean());
    }

    [Fact]
    public async Task The_position_that_is_written_is_where_history_goes_on()
    {
        await using var server = await LocalServer.StartAsync();
        var first = (await server.RunAsync("publish", "chat:a", "1")).Succeeds().Text.Trim();
        await server.RunAsync("publish", "chat:a", "2", "--key", "k");
        var json = (await server.RunAsync("history", "chat:a", "--since", first, "--json")).Succeeds().Json;
        Assert.Equal(["type", "channel", "epoch", "offset", "data", "key", "time"], json.EnumerateObject().Select(static field => field.Name));
        Assert.Equal(("message", 2, "k"), (json.GetProperty("type").GetString(), json.GetProperty("offset").GetInt32(), json.GetProperty("key").GetString()));
        Assert.Equal(2, (await server.RunAsync("history", "chat:a", "--last", "2")).Succeeds().Text.Count(static c => c == '\n'));
        var other = await server.RunAsync("history", "chat:a", "--since", "0123:1");
        Assert.Equal(0, other.Code);
        Assert.Contains("Not all that came after 0123:1 is kept", other.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_goes_on_until_its_end_where_that_is_more_than_comes_at_once()
    {
        // A user gets 1,000 at once.
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        var first = (await server.RunAsync("publish", "chat:a", "0")).Succeeds().Text.Trim();
        using var http = server.OpenApi();
        var commands = Enumerable.Range(1, 500).Select(static n => $$$"""{"publish":{"channel":"chat:a","data":{{{n}}}}}""");
        var batch = $"{{\"commands\":[{string.Join(',', commands)}]}}";
        for (var i = 0; i < 5; i++)
        {
            using var body = new StringContent(batch, System.Text.Encoding.UTF8, "application/json");
            (await http.PostAsync(new Uri(server.Url + "/api/batch"), body)).EnsureSuccessStatusCode();
        }

        var history = (await server.RunAsync("history", "chat:a", "--since", first, "--token", await TokenAsync("ada"))).Succeeds();
        Assert.Equal(2500, history.Text.Count(static c => c == '\n'));
    }

    [Fact]
    public async Task A_key_is_taken_from_the_option_or_the_environment()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:ApiKey", Key), ("Tidings:AdminKey", "another key, of who runs it"));
        (await server.RunAsync("publish", "news:a", "1")).Fails(1, "--api-key or TIDINGS_API_KEY");
        (await server.RunAsync("publish", "news:a", "1", "--api-key", "another key of the tests")).Fails(1, "does not accept this API key");
        (await server.RunAsync("publish", "news:a", "1", "--api-key", Key)).Succeeds();
        await using var tool = Tool.Start(["publish", "news:a", "1", "--url", server.Url], ("TIDINGS_API_KEY", Key));
        (await tool.EndAsync()).Succeeds();
    }

    [Fact]
    public async Task With_a_token_it_is_the_user_who_speaks_and_may_what_the_user_may()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        var token = await TokenAsync("ada");
        (await server.RunAsync("publish", "chat:a", "1", "--token", token)).Succeeds();
        Assert.Equal("ada", (await server.RunAsync("history", "chat:a", "--json", "--token", token)).Succeeds().Json.GetProperty("from").GetString());
        (await server.RunAsync("publish", "news:a", "1", "--token", token)).Fails(1, "does not allow it");
        (await server.RunAsync("publish", "chat:a", "1", "--token", "a.b.c")).Fails(1, "does not accept who asks (Invalid token)");
        (await server.RunAsync("publish", "chat:a", "1", "--token", token, "--api-key", Key)).Fails(2, "not both");
    }

    [Fact]
    public async Task Presence_tells_who_listens()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        await using var listener = Tool.Start(["subscribe", "chat:a", "--json", "--presence", "--url", server.Url, "--token", await TokenAsync("ada")]);
        Assert.Equal("subscribed", (await listener.JsonAsync()).GetProperty("type").GetString());
        Assert.Equal("ada\t1\t\n", (await server.RunAsync("presence", "chat:a")).Succeeds().Text);
        Assert.Equal("""{"channel":"chat:a","count":1,"members":[{"user":"ada","connections":1}]}""" + "\n", (await server.RunAsync("presence", "chat:a", "--json")).Succeeds().Text);
    }

    [Fact]
    public async Task What_is_said_in_passing_has_no_position()
    {
        await using var server = await LocalServer.StartAsync();
        Assert.Empty((await server.RunAsync("publish", "chat:a", "typing", "--ephemeral")).Succeeds().Text);
        (await server.RunAsync("publish", "chat:a", "x", "--ephemeral", "--durable")).Fails(1, "ephemeral");
        (await server.RunAsync("publish", "chat:a", "x", "--durable")).Fails(1, "refused");
    }

    [Theory]
    [InlineData("publish", "a b", "x")]
    [InlineData("history", "chat:a", "--since", "5")]
    [InlineData("history", "chat:a", "--last", "1.5")]
    [InlineData("history", "chat:a", "--last", "2", "--since", "a:1")]
    [InlineData("subscribe", "chat:a", "chat:b", "--since", "a:1")]
    [InlineData("subscribe", "chat:a", "--count", "0")]
    [InlineData("presence", "chat:a", "--url", "localhost:8000")]
    [InlineData("presence", "chat:a", "--token", "a b")]
    [InlineData("publish", "chat:a")]
    public async Task What_is_typed_wrong_ends_with_2(params string[] arguments) => (await Tool.RunAsync(arguments)).Fails(2, "");

    [Theory]
    [InlineData("history", "chat:a")]
    [InlineData("presence", "chat:a", "--token", "a.b.c")]
    [InlineData("publish", "chat:a", "x")]
    [InlineData("subscribe", "chat:a")]
    public async Task Where_nobody_answers_it_ends_with_1(params string[] arguments)
    {
        using var taken = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        (await Tool.RunAsync([.. arguments, "--url", $"http://{taken.LocalEndPoint}"])).Fails(1, "Is the server running there?");
    }

    private static async Task<string> TokenAsync(string user) => (await Tool.RunAsync("token", "create", "--user", user, "--jwt-secret", Secret)).Succeeds().Text.Trim();
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TestKit;
using Tidings.Taps;

namespace Tidings.Tests.Taps;

/// <summary>What is shown of a frame has no secret in it, wherever the frame was cut.</summary>
public sealed class SecretJsonTests
{
    // No other text of these tests has this digit, however it is escaped.
    private const char Digit = '7';
    private const string Secret = "7777";

    [Theory]
    [InlineData("""{"type":"auth","token":"4711"}""", """{"type":"auth","token":"***"}""")]
    [InlineData("""{"type":"auth","tok\u0065n":"4711","id":"a"}""", """{"type":"auth","tok\u0065n":"***","id":"a"}""")]
    [InlineData("""{"token":"4711","token":"4711"}""", """{"token":"***","token":"***"}""")]
    [InlineData("""{"password": 4711 }""", """{"password": "***" }""")]
    [InlineData("""{"auth":{"a":["4711",{"b":4711}]},"c":[null]}""", """{"auth":"***","c":[null]}""")]
    [InlineData("""[{"X-Api-Key":"4711"},{"accessToken":"4711"},{"client_secret":"4711"},{"AUTHORIZATION":"4711"},{"signature":"4711"},{"ticket":"4711"}]""", """[{"X-Api-Key":"***"},{"accessToken":"***"},{"client_secret":"***"},{"AUTHORIZATION":"***"},{"signature":"***"},{"ticket":"***"}]""")]
    [InlineData("""{"event":"pusher:subscribe","data":"{\"channel\":\"private-a\",\"auth\":\"key:4711\"}"}""", """{"event":"pusher:subscribe","data":"{\"channel\":\"private-a\",\"auth\":\"***\"}"}""")]
    [InlineData("""{"data":"{\"data\":\"{\\\"token\\\":\\\"4711\\\"}\"}"}""", """{"data":"{\"data\":\"{\\\"token\\\":\\\"***\\\"}\"}"}""")]
    [InlineData("{\"id\":\"a\",\"connect\":{\"token\":\"4711\"}}\n{\"id\":\"b\",\"subscribe\":{\"channel\":\"c\",\"token\":\"4711\"}}", "{\"id\":\"a\",\"connect\":{\"token\":\"***\"}}\n{\"id\":\"b\",\"subscribe\":{\"channel\":\"c\",\"token\":\"***\"}}")]
    [InlineData("""{"text":"see https://a.example/?ticket=4711&b=c"}""", """{"text":"see https://a.example/?ticket=***"}""")]
    [InlineData("""{"text":"Authorization: Bearer 4711"}""", """{"text":"Authorization:***"}""")]
    [InlineData("""{"text":"bearer 4711"}""", """{"text":"bearer ***"}""")]
    [InlineData("""{"text":"eyJhbGciOiJIUzI4711.eyJ4711.4711 and so on"}""", """{"text":"*** and so on"}""")]
    [InlineData("token=4711", "token=***")]
    [InlineData("{'token':'4711'}", "{'token':***")]
    [InlineData("""{"token":4711 4711}""", "{\"token\":\"***\"***")]
    [InlineData("""{"token":"4711"4711"}""", "{\"token\":\"***\"***")]
    [InlineData("""{"token":{"a":4711,} "b":4711}""", "{\"token\":\"***\"")]
    [InlineData("""{"a":"b" "tok\u0065n":"4711"}""", """{"a":"b" "tok***""")]
    [InlineData("""socket["event",{"token":"4711"}]""", """socket["event",{"token":***""")]
    public void Secrets_are_masked(string said, string shown)
    {
        var hidden = SecretJson.Hide(Encoding.UTF8.GetBytes(said), isCut: false);
        Assert.Equal(shown, hidden);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    [InlineData("[lobby] hello: \"you\"")]
    [InlineData("12:30 [x]")]
    [InlineData("""{"type":"message","channel":"chat:a","data":{"text":"he said \"hi\" – 你好 👋","n":[1,2.5e3,true,null]},"offset":3}""")]
    [InlineData("""{"data":"[12:30] hello {you}"}""")]
    [InlineData("""{"data":"\"quoted\" and more"}""")]
    [InlineData(" {\"a\" : 1 } \n")]
    public void What_is_no_secret_is_shown_as_it_is(string said) => Assert.Equal(said, SecretJson.Hide(Encoding.UTF8.GetBytes(said), isCut: false));

    [Fact]
    public void Wherever_a_frame_is_cut_nothing_of_a_secret_is_shown_and_all_else_up_to_the_last_value_is() => Seeds.Each(30, random =>
    {
        var whole = Encoding.UTF8.GetBytes(Make(random, depth: 0, secrets: true, nested: true).ToJsonString());
        for (var cut = 0; cut <= Math.Min(whole.Length, TappedFrame.Longest); cut++)
        {
            var shown = SecretJson.Hide(whole.AsSpan(0, cut), isCut: cut < whole.Length);
            Assert.False(shown.Contains(Digit), $"cut at {cut}: {shown} of {Encoding.UTF8.GetString(whole)}");
        }
    });

    [Fact]
    public void Wherever_a_frame_without_secrets_is_cut_its_beginning_is_shown() => Seeds.Each(30, random =>
    {
        var whole = Encoding.UTF8.GetBytes(Make(random, depth: 0, secrets: false, nested: false).ToJsonString());
        for (var cut = 0; cut <= Math.Min(whole.Length, TappedFrame.Longest); cut++)
        {
            var shown = SecretJson.Hide(whole.AsSpan(0, cut), isCut: cut < whole.Length);
            Assert.StartsWith(shown, Encoding.UTF8.GetString(whole), StringComparison.Ordinal);
            Assert.InRange(cut - Encoding.UTF8.GetByteCount(shown), 0, 12);
        }
    });

    [Fact]
    public void Strings_that_only_begin_as_JSON_does_cost_no_more_than_a_few_faults()
    {
        var shown = SecretJson.Hide(Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat("\"[x\"", 300)) + "]"), isCut: false);
        Assert.Equal((8, 292), (shown.Split("[x").Length - 1, shown.Split("***").Length - 1));
    }

    [Fact]
    public void Whatever_comes_is_shown_without_an_exception_and_costs_little() => Seeds.Each(200, random =>
    {
        var bytes = new byte[random.Next(TappedFrame.Longest)];
        var letters = "{}[]\":,\\u tokenkey=eyJ.\n0û"u8;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = letters[random.Next(letters.Length)];
        }

        Assert.InRange(SecretJson.Hide(bytes, isCut: random.Next(2) == 0).Length, 0, 8 * TappedFrame.Longest);
    });

    // A tree that a client could send: names of secrets, written in several ways, have a secret somewhere below them.
    private static JsonNode Make(Random random, int depth, bool secrets, bool nested)
    {
        var node = new JsonObject();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var name = new string((char)('a' + random.Next(26)), random.Next(1, 4)) + "é\n"[..random.Next(3)];
            node[name] = (depth < 3 ? random.Next(5) : 4) switch
            {
                0 => Make(random, depth + 1, secrets, nested),
                1 when nested => Make(random, depth + 1, secrets, nested).ToJsonString(),
                2 => new JsonArray(Make(random, depth + 1, secrets, nested), true, null, "x\"\\y"),
                _ => "plain {text} \"é\" 👋 \\ \u0001",
            };
        }

        if (secrets)
        {
            string[] names = ["token", "Ticket", "api_key", "password", "client-secret", "auth", "signature", "Authorization"];
            var name = names[random.Next(names.Length)];
            node[name] = random.Next(4) switch
            {
                0 => new JsonObject { ["deep"] = new JsonArray(Secret, 7777) },
                1 => 7777,
                2 => new JsonObject { ["token"] = Secret }.ToJsonString(),
                _ => $"{Secret}\"\\{Secret}",
            };
            node["z"] = "after";
        }

        return JsonNode.Parse(JsonSerializer.Serialize(node, random.Next(2) == 0 ? JsonSerializerOptions.Default : JsonSerializerOptions.Web))!;
    }
}

using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Pusher;

namespace Tidings.Channels.Tests.Pusher;

/// <summary>Signatures as the protocol's documentation and libraries have them.</summary>
public sealed class PusherSignatureTests
{
    private static readonly PusherApp App = new(new PusherAppOptions { Id = "3", Key = "278d425bdf160c739803", Secret = "7ad3773142a6692b25b8" }, [new PusherAppOptions { Prefix = "shop:us:" }]);

    [Theory]
    [InlineData("1234.1234:private-foobar", "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4")]
    [InlineData("""1234.1234::user::{"id":"12345"}""", "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba")]
    [InlineData("""1234.1234:presence-foobar:{"user_id":10,"user_info":{"name":"Mr. Channels"}}""", "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80")]
    public void Signatures_of_channels_and_users_hold_and_no_other_does(string text, string signature)
    {
        Assert.True(App.Verifies($"{App.Key}:{signature}", text));
        Assert.False(App.Verifies($"{App.Key}:{signature}", text + " "));
        Assert.False(App.Verifies(signature, text));
        Assert.False(App.Verifies($":{signature}", text));
        Assert.False(App.Verifies($"278d425bdf160c739804:{signature}", text));
        Assert.False(App.Verifies($"{App.Key}:{signature.ToUpperInvariant()}", text));
        Assert.False(App.Verifies(null, text));
        for (var i = 0; i < signature.Length; i++)
        {
            var changed = signature.ToCharArray();
            changed[i] = changed[i] == '0' ? '1' : '0';
            Assert.False(App.Verifies($"{App.Key}:{new string(changed)}", text));
        }
    }

    [Fact]
    public void A_request_of_the_library_is_let_in_within_ten_minutes()
    {
        const string Body = """{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}""";
        var request = Request("auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&body_md5=ec365a775a4cd0599faeb73354201b6f"
            + "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c");
        Assert.Null(Refuse(request, Body, 1353088179));
        Assert.Null(Refuse(request, Body, 1353088179 + 600));
        Assert.Null(Refuse(request, Body, 1353088179 - 600));
        Assert.Contains("auth_timestamp", Refuse(request, Body, 1353088179 + 601), StringComparison.Ordinal);
        Assert.Contains("auth_timestamp", Refuse(request, Body, 1353088179 - 601), StringComparison.Ordinal);
        Assert.Contains("body_md5", Refuse(request, Body + " ", 1353088179), StringComparison.Ordinal);
        Assert.Contains("body_md5", Refuse(request, "", 1353088179), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("auth_key=278d425bdf160c739803")]
    [InlineData("auth_key=278d425bdf160c739803&auth_key=278d425bdf160c739803&auth_timestamp=1&auth_version=1.0")]
    [InlineData("auth_key=278d425bdf160c739803&AUTH_KEY=x&auth_timestamp=1&auth_version=1.0")]
    [InlineData("auth_key=278d425bdf160c739803&auth_timestamp=99999999999999999999&auth_version=1.0")]
    [InlineData("auth_key=278d425bdf160c739803&auth_timestamp=-1&auth_version=1.0")]
    [InlineData("auth_key=278d425bdf160c739803&auth_timestamp=1&auth_version=1.0")]
    [InlineData("auth_key=278d425bdf160c739803&auth_timestamp=1&auth_version=1.0&auth_signature=")]
    public void What_is_not_signed_is_refused_by_name(string query) => Assert.NotNull(Refuse(Request(query), "", 1));

    private static HttpRequest Request(string query)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Path = "/apps/3/events";
        context.Request.QueryString = new QueryString("?" + query);
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/apps/3/events?" + query;
        return context.Request;
    }

    private static string? Refuse(HttpRequest request, string body, long now) =>
        PusherSignature.Refuse(request, App, Encoding.UTF8.GetBytes(body), DateTimeOffset.FromUnixTimeSeconds(now));
}

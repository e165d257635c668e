using System.Net;

namespace Tidings.AspNetCore.Api.Tests.Api;

/// <summary>The JavaScript client of an application of one's own.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task An_application_serves_the_client_in_one_line_whoever_asks()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAssertion(static _ => false).Build());
        await using var app = builder.Build();
        app.UseAuthorization();
        app.MapTidingsScript("/lib/tidings.js");
        await app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var response = await http.GetAsync(new Uri(app.Urls.First() + "/lib/tidings.js"));
        Assert.Equal((HttpStatusCode.OK, "text/javascript"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("export{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>Asks a server's dashboard as a browser does that has signed in, or as somebody else.</summary>
internal sealed class DashboardClient(TestServer server)
{
    public const string AdminKey = "canary-0123456789-admin";
    public const string ApiKey = "canary-0123456789-api-key";

    public static readonly (string, string?)[] Keys = [("Tidings:AdminKey", AdminKey), ("Tidings:ApiKey", ApiKey)];

    /// <summary>The session's cookie as the browser sends it, or null.</summary>
    public string? Cookie { get; set; }

    /// <summary>Signs in, and keeps the cookie.</summary>
    /// <returns>What the server set.</returns>
    public async Task<string> SignInAsync()
    {
        using var response = await PostKeyAsync(AdminKey);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/dashboard", response.Headers.Location!.OriginalString);
        var set = response.Headers.GetValues("Set-Cookie").Single();
        Cookie = set.Split(';')[0];
        return set;
    }

    public Task<HttpResponseMessage> PostKeyAsync(string key, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "/dashboard/session", new FormUrlEncodedContent([KeyValuePair.Create("key", key)]), headers);

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        using var response = await GetAsync(path);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {body}");
        return JsonElement.Parse(body);
    }

    /// <summary>Posts as a page of the server does, unless <paramref name="headers"/> say otherwise.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (Cookie is not null)
        {
            request.Headers.Add("Cookie", Cookie);
        }

        if (method != HttpMethod.Get && !Array.Exists(headers, static header => header.Name == "Origin"))
        {
            request.Headers.Add("Origin", server.Url.GetLeftPart(UriPartial.Authority));
        }

        foreach (var (name, value) in headers.Where(static header => header.Value.Length > 0))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TestKit;

/// <summary>An OpenID Connect provider on a loopback port, with keys that can be changed, the authorization code flow, and whatever answers a test gives it.</summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (JsonObject Claims, string? Challenge)> _codes = [];
    private volatile SigningKey[] _keys = [];
    private int _discoveries;
    private int _keyFetches;

    private OpenIdProvider(WebApplication app) => _app = app;

    /// <summary>What <c>iss</c> is.</summary>
    public string Issuer { get; private set; } = "";

    /// <summary>How often the discovery document was asked for.</summary>
    public int Discoveries => Volatile.Read(ref _discoveries);

    /// <summary>How often the keys were asked for.</summary>
    public int KeyFetches => Volatile.Read(ref _keyFetches);

    /// <summary>Whether it answers nothing but 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>Answers in the place of the discovery document.</summary>
    public Func<HttpContext, Task>? OnDiscovery { get; set; }

    /// <summary>Answers in the place of the keys.</summary>
    public Func<HttpContext, Task>? OnKeys { get; set; }

    /// <summary>The claims of whoever signs in next by the authorization code flow.</summary>
    public JsonObject SignsIn { get; set; } = new() { ["sub"] = "ada" };

    /// <summary>The client that may sign people in.</summary>
    public (string Id, string Secret) Client { get; set; } = ("dashboard", "the secret of the dashboard's client");

    /// <param name="host">What it is called: to a browser <c>localhost</c> is another site than <c>127.0.0.1</c>.</param>
    public static async Task<OpenIdProvider> StartAsync(string host = "127.0.0.1")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var provider = new OpenIdProvider(builder.Build());
        provider.Rotate();
        provider.Map();
        await provider._app.StartAsync();
        provider.Issuer = $"http://{host}:{new Uri(provider._app.Urls.First()).Port}";
        return provider;
    }

    /// <summary>A new key, under a new id, in the place of all others, or beside them.</summary>
    /// <returns>Its id.</returns>
    public string Rotate(string algorithm = "RS256", bool keep = false, bool saysAlgorithm = true, string? id = null)
    {
        var key = SigningKey.New(algorithm, saysAlgorithm, id ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        _keys = keep ? [.. _keys, key] : [key];
        return key.Id;
    }

    /// <summary>A token of this issuer, signed with its newest key.</summary>
    public string Token(string subject, string audience, params (string Name, JsonNode? Value)[] claims)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject { ["iss"] = Issuer, ["sub"] = subject, ["aud"] = audience, ["iat"] = now, ["exp"] = now + 3600 };
        foreach (var (name, value) in claims)
        {
            payload[name] = value;
        }

        return Sign(payload);
    }

    /// <summary>A payload as it is, signed with the newest key, or as if by another id.</summary>
    public string Sign(JsonObject payload, string? keyId = null) => _keys[^1].Sign(payload, keyId);

    /// <summary>The key set, as it would be answered.</summary>
    public JsonObject KeySet() => new() { ["keys"] = new JsonArray([.. _keys.Select(static key => (JsonNode)key.ToJwk())]) };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Map()
    {
        _app.Use(async (context, next) =>
        {
            if (IsAway)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await next(context);
        });
        _app.MapGet("/.well-known/openid-configuration", context =>
        {
            Interlocked.Increment(ref _discoveries);
            return OnDiscovery is { } answer ? answer(context) : context.Response.WriteAsync(Discovery().ToJsonString());
        });
        _app.MapGet("/keys", context =>
        {
            Interlocked.Increment(ref _keyFetches);
            return OnKeys is { } answer ? answer(context) : context.Response.WriteAsync(KeySet().ToJsonString());
        });
        _app.MapGet("/authorize", Authorize);
        _app.MapPost("/token", RedeemAsync);
    }

    private JsonObject Discovery() => new()
    {
        ["issuer"] = Issuer,
        ["jwks_uri"] = Issuer + "/keys",
        ["authorization_endpoint"] = Issuer + "/authorize",
        ["token_endpoint"] = Issuer + "/token",
        ["response_types_supported"] = new JsonArray("code"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
    };

    // Whoever comes is signed in at once: a real provider would ask for a password here.
    private void Authorize(HttpContext context)
    {
        var query = context.Request.Query;
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var claims = (JsonObject)SignsIn.DeepClone();
        claims["nonce"] = query["nonce"].ToString();
        claims["aud"] = query["client_id"].ToString();
        _codes[code] = (claims, query["code_challenge"]);
        context.Response.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"].ToString())}");
    }

    private async Task RedeemAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        if (form["client_id"] != Client.Id || form["client_secret"] != Client.Secret || !_codes.TryRemove(form["code"].ToString(), out var kept)
            || (kept.Challenge is { } challenge && challenge != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())))))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("""{"error":"invalid_grant"}""");
            return;
        }

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        (kept.Claims["iss"], kept.Claims["iat"], kept.Claims["exp"]) = (Issuer, now, now + 300);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject { ["access_token"] = "unused", ["token_type"] = "Bearer", ["id_token"] = Sign(kept.Claims) }.ToJsonString());
    }
}

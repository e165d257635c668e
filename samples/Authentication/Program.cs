// dotnet run --project samples/Authentication --urls http://localhost:5000
// The three ways of the tutorials, by hand. An application with ASP.NET Core authentication says .RequireAuthorization() instead.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// 1. A query parameter. It ends up in logs: use tokens that are good for one connection.
app.MapWebSocket("/ws/query", async (WebSocketConnection ws, string? token = null) =>
{
    if (Users.ByToken(token) is not { } user)
    {
        await ws.RejectAsync(4001, "Invalid token");
        return;
    }

    await HelloAsync(ws, user);
});

// 2. The first message, within 5 s.
app.MapWebSocket("/ws/message", async (WebSocketConnection ws) =>
{
    try
    {
        var auth = await ws.ReceiveJsonAsync<Auth>(TimeSpan.FromSeconds(5));
        if (auth is not { Type: "auth" } || Users.ByToken(auth.Token) is not { } user)
        {
            await ws.CloseAsync(4001, "Auth failed");
            return;
        }

        await ws.SendJsonAsync(new { type = "auth_success", user });
        await HelloAsync(ws, user);
    }
    catch (TimeoutException)
    {
        await ws.CloseAsync(4000, "Auth timeout");
    }
});

// 3. A cookie.
app.MapWebSocket("/ws/cookie", async (WebSocketConnection ws, HttpRequest request) =>
{
    if (Users.ByToken(request.Cookies["session_id"]) is not { } user)
    {
        await ws.RejectAsync(4001, "Unauthorized");
        return;
    }

    await HelloAsync(ws, user);
});

app.Run();

static async Task HelloAsync(WebSocketConnection ws, string user)
{
    while (await ws.ReceiveTextAsync() is { } text)
    {
        await ws.SendTextAsync($"Hello {user}: {text}");
    }
}

internal static class Users
{
    public static string? ByToken(string? token) => token == "secret-of-ann" ? "ann" : null;
}

public sealed record Auth(string Type, string Token);

public sealed class AuthenticationSample;

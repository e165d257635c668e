// dotnet run --project samples/Notifications --urls http://localhost:5000
// Notices for one user, from an HTTP endpoint: sign in at http://localhost:5000, then
//   curl -X POST localhost:5000/notify/ann -H 'content-type: application/json' -d '{"title":"Your order has left","text":"It arrives on Friday."}'
using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
builder.Services.AddAuthorization();
builder.Services.AddValidation();
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// user:ann is heard by ann alone, in all her windows. What comes while she is away is kept for a week.
app.MapTidings("/connect").MapChannel("user:{id}").WithHistory(50, TimeSpan.FromDays(7));

// In an application of yours this is where an order leaves, and it asks who may notify whom.
app.MapPost("/notify/{user}", async (string user, Notice notice, ITidings tidings) =>
{
    await tidings.PublishAsync($"user:{user}", notice);
    return Results.Accepted();
});

// The shortest way to have users; yours will ask for more than a name.
app.MapPost("/sign-in", async ([MaxLength(30), RegularExpression("[a-z0-9]+")] string name, HttpContext context) =>
    await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "cookie"))));
app.MapPost("/sign-out", (HttpContext context) => context.SignOutAsync());
app.MapGet("/me", (ClaimsPrincipal user) => new { name = user.FindFirstValue(ClaimTypes.NameIdentifier) });
app.MapPage();
app.Run();

// Public: what AddValidation() is to check must be.
public sealed record Notice([Required, MaxLength(100)] string Title, [MaxLength(1000)] string? Text);

/// <summary>Names this program for tests.</summary>
public sealed class NotificationsSample;

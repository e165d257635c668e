// dotnet run --project samples/Blazor/Server --urls http://localhost:5000
// A page in Blazor WebAssembly, the .NET client inside it: open http://localhost:5000, and publish as the page says. Who comes without a token is refused.
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tidings;
using Tidings.Samples.Blazor;

var builder = WebApplication.CreateBuilder(args);
var secret = RandomNumberGenerator.GetHexString(64);
builder.Services.AddTidings(options =>
{
    options.Jwt.Secret = secret;
    options.RequireAuthentication = true;
});
builder.WebHost.UseTidings();
builder.WebHost.UseStaticWebAssets();
var app = builder.Build();

app.MapTidings("/connect").MapChannel("news").WithHistory(50);
app.MapPost("/news", async (Item item, ITidings tidings) => await tidings.PublishAsync("news", item));

// Where people sign in, the token is for who has; here everybody is somebody.
app.MapGet("/token", (TimeProvider time) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
{
    Claims = new Dictionary<string, object> { ["sub"] = "guest-" + RandomNumberGenerator.GetHexString(8, lowercase: true) },
    Expires = time.GetUtcNow().UtcDateTime.AddHours(1),
    SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(secret)), SecurityAlgorithms.HmacSha256),
}));

app.MapGet("/theme.css", () => TypedResults.Stream(typeof(Program).Assembly.GetManifestResourceStream("theme.css")!, "text/css; charset=utf-8"));
app.MapStaticAssets();
app.MapFallbackToFile("index.html");
app.Run();

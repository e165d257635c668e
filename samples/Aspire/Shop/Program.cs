// An application that the app host beside it gives the address of the push server. Orders are published by the server API, and read back by the .NET client.
using System.Net.Http.Headers;
using System.Text.Json;
using Tidings.Client;

var builder = WebApplication.CreateBuilder(args);
var push = new Uri(builder.Configuration.GetConnectionString("push")!);         // http://localhost:…/connect
builder.Services.AddTidingsClient(push);
builder.Services.AddHttpClient("push", client =>
{
    client.BaseAddress = new Uri(push, "/");
    client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", builder.Configuration["PUSH_APIKEY"]);
});

var app = builder.Build();
app.MapPost("/orders", async (JsonElement order, IHttpClientFactory clients) =>
{
    using var http = clients.CreateClient("push");
    using var answer = await http.PostAsJsonAsync("api/publish", new { channel = "orders", data = order });
    return Results.StatusCode((int)answer.StatusCode);
});
app.MapGet("/orders", async (TidingsClient tidings) =>
{
    var history = await tidings.HistoryAsync("orders");
    return history.Messages.Select(static message => JsonElement.Parse(message.Data.Span));
});
app.Run();

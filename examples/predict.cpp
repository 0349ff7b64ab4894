// The class of a picture, by a model of gray images of 28x28 pixels, with OpenCV (4.6 and 5.0).
//   nncli export MODEL --layout nchw-float -o model.onnx
//   g++ -std=c++17 predict.cpp -I/usr/include/opencv4 -lopencv_dnn -lopencv_imgcodecs -lopencv_imgproc -lopencv_core
//   ./a.out model.onnx picture.png
#include <iostream>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

int main(int, char** argv) {
    cv::dnn::Net network = cv::dnn::readNetFromONNX(argv[1]);
    cv::Mat small, picture = cv::imread(argv[2], cv::IMREAD_GRAYSCALE);  // IMREAD_COLOR: upright, in the order bgr
    cv::resize(picture, small, {28, 28}, 0, 0, cv::INTER_AREA);
    network.setInput(cv::dnn::blobFromImage(small, 1 / 255.0, {}, {}, false), "images");  // of color: true, as rgb
    cv::Mat probabilities = network.forward("probabilities");
    cv::Point best;
    cv::minMaxLoc(probabilities, nullptr, nullptr, nullptr, &best);
    std::cout << best.x << " " << probabilities.at<float>(best) << std::endl;
}
